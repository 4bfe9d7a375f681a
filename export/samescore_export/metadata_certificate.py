"""Certificates that a written artifact's metadata are those of its model: the contract that callers read, and the goldens that readers check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samescore_export.certificate import Certificate, Verdict
from samescore_export.compiler import Compiled
from samescore_export.goldens import golden_sample
from samescore_export.threads import single_threaded
from samescore_runtime.arrays import decode_array
from samescore_runtime.artifact import Artifact
from samescore_runtime.comparison import EXACT, Tolerance, compare

#: Differences written out.
MOST = 10

#: What the exporter was told about a column, and proving is not.
_TOLD = ("unit", "description")

#: What a column showed in the sample: to be the same where the samples are.
_SEEN = ("range", "categories")


def contract_certificate(artifact: Artifact, compiled: Compiled) -> Certificate:
    """Every column, tensor and output of the contract is what compiling gives; what the sample showed, if it is the same sample."""
    same_sample = (artifact.provenance or {}).get("sample", {}).get("sha256") == compiled.sample.sha256()
    ignored = _TOLD if same_sample else (*_TOLD, *_SEEN)
    found, expected = ({**item.to_json()} for item in (artifact.contract, compiled.contract))
    failures = [f"contract: {line}" for line in _different(found, expected, "", ignored)]
    facts = sum(1 for _ in _leaves(expected))

    return Certificate(
        "contract",
        "contract",
        "the contract in the file is that of this model: names, types, order and places of the columns, what each accepts, and the outputs' labels",
        "units and descriptions of columns"
        if same_sample
        else "units and descriptions of columns, and what they showed in another sample",
        lambda _: Verdict(facts, tuple(failures[:MOST])),
    )


def goldens_certificate(artifact: Artifact, compiled: Compiled, estimator: Any) -> Certificate:
    """The golden rows' scores are what the original model gives for these rows, under no wider tolerance than compiling states."""
    failures: list[str] = []
    checked = 0
    try:
        outputs = artifact.golden["outputs"]
        rows = golden_sample(artifact.golden["columns"], compiled.contract, compiled.sample)
        golden = {name: decode_array(item, name) for name, item in outputs.items()}
        tolerances = {name: Tolerance.from_json(item["tolerance"]) for name, item in outputs.items()}
    except Exception as error:  # a row that is none: whatever decoding says
        failures.append(f"goldens: unreadable ({type(error).__name__}: {error}); rows and scores")
        golden, tolerances = {}, {}
    else:
        if golden.keys() != compiled.scores.keys():
            failures.append(f"goldens: outputs {', '.join(golden)}; {', '.join(compiled.scores)}")
            golden = {name: values for name, values in golden.items() if name in compiled.scores}
    for name, values in golden.items():
        rounding = compiled.scores[name].rounding
        allowed = EXACT.ulp if rounding is None else rounding.ulp
        if tolerances[name].ulp > allowed:
            failures.append(f"goldens: {name}: a tolerance of {tolerances[name].ulp:g} ulp; {allowed:g}")
        if not len(values):
            continue
        try:
            with single_threaded(estimator):
                answer = compiled.expected(estimator, name, rows.native())
        except Exception as error:
            failures.append(f"goldens: {name}: the model refuses the rows ({type(error).__name__}); rows that it takes")
            continue
        comparison = compare(answer, values, tolerances[name])
        checked += values.size
        if comparison.mismatch is not None:
            failures.append(f"goldens: {name}: {comparison.mismatch}; the model's answers")
        failures += [f"goldens: {name}: {difference}; the model's answer" for difference in comparison.differences[:3]]
    return Certificate(
        "goldens",
        "goldens",
        "the scores of the golden rows are what the original model gives for them, and their tolerances no wider than its bounds",
        "",
        lambda _: Verdict(checked, tuple(failures[:MOST])),
    )


def _different(found: Any, expected: Any, at: str, ignored: tuple[str, ...]) -> Iterator[str]:
    """Where two JSON values differ: ``path: found; expected``."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in dict.fromkeys([*expected, *found]):
            if key not in ignored:
                yield from _different(found.get(key), expected.get(key), f"{at}.{key}" if at else key, ignored)
    elif isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)) and len(found) == len(expected):
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            name = other.get("name", place) if isinstance(other, dict) else place
            yield from _different(one, other, f"{at}[{name}]", ignored)
    elif type(found) is not type(expected) or found != expected:
        yield f"{at}: {_short(found)}; {_short(expected)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
