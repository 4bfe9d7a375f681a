"""For a data scientist's own test suite: the model exports, and scores the same, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from samescore_export.errors import ExportError
from samescore_export.exporting import export_proven
from samescore_export.registry import Registry
from samescore_export.report import write_report
from samescore_runtime.artifact import Artifact
from samescore_runtime.errors import InputError

Sameness = Literal["proven", "bit-equal", "within"]

#: From the weakest to the strongest.
_ORDER: tuple[Sameness, ...] = ("within", "bit-equal", "proven")


def assert_same_scores(
    model: Any,
    X: Any,
    *,
    methods: Sequence[str] | None = None,
    at_least: Sameness = "within",
    registry: Registry | Iterable[Mapping[type, Any]] | None = None,
    seed: int = 0,
    budget: int = 2000,
    report: str | Path | None = None,
) -> Artifact:
    """Fail the test unless the model exports to a graph with the same scores.

    Args:
        model, X, methods, registry, seed, budget: as :func:`samescore_export.export` takes them.
        at_least: the sameness that every output must reach: ``within`` its stated bound, ``bit-equal`` on every probe, or ``proven``
            for every input.
        report: a folder for the proof's report, written whatever the outcome; None for none.

    Returns:
        The artifact, in memory, for further assertions.

    Raises:
        AssertionError: with every part that cannot be exported, or the rows that differ, or the outputs that are less the same.
    """
    __tracebackhide__ = True
    if at_least not in _ORDER:
        raise InputError("at_least", repr(at_least), " or ".join(_ORDER))
    try:
        exported = export_proven(model, X, methods, registry, seed=seed, budget=budget)
    except ExportError as error:
        raise AssertionError(f"the model does not export:\n{error}") from error
    if report is not None:
        write_report(exported.proof, exported.artifact, Path(report), type(model).__name__)
    if exported.proof.failures:
        raise AssertionError("the scores are not the same:\n" + "\n".join(exported.proof.failures))
    weaker = [
        f"{name}: {output.sameness}{f' ({output.reason})' if output.reason else ''}; at least {at_least}"
        for name, output in exported.proof.outputs.items()
        if _ORDER.index(_class_of(output.sameness)) < _ORDER.index(at_least)
    ]
    if weaker:
        raise AssertionError("\n".join(weaker))
    return exported.artifact


def _class_of(sameness: str) -> Sameness:
    return next((name for name in reversed(_ORDER) if sameness.startswith(name)), "within")
