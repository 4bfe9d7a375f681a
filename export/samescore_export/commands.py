"""The commands ``samescore export``, ``check`` and ``prove``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from samescore_export.arguments import check_destination
from samescore_export.progress import Progress
from samescore_runtime.errors import InputError

_MODEL = click.argument("model", type=click.Path(path_type=Path))
_SAMPLE = click.option(
    "--sample",
    required=True,
    type=click.Path(path_type=Path),
    help="Rows as the model takes them: .csv, .csv.gz or .parquet.",
)
_METHODS = click.option(
    "--methods", help="Outputs, separated by commas: predict,predict_proba,decision_function,transform, ..."
)
_REGISTRY = click.option(
    "--registry", multiple=True, metavar="PKG.MOD:NAME", help="A table of lowerings of your own; may be repeated."
)
_TRUST = click.option(
    "--trust", multiple=True, metavar="CLASS", help="A type that the .skops file may hold; may be repeated."
)
_PICKLE = click.option(
    "--trust-pickle", is_flag=True, help="Load a .joblib or .pkl file: this runs whatever code it holds."
)
_SEED = click.option("--seed", default=0, show_default=True, help="Seed of the probes.")
_BUDGET = click.option("--budget", default=2000, show_default=True, help="Most probe rows.")


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def read_rows(path: Path) -> Any:
    """Sample rows of a .csv or .parquet file; a file with the one column ``text`` is a list of texts.

    Raises:
        InputError: no such file, another suffix, or one that cannot be read.
    """
    import pandas as pd

    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda file: pd.read_csv(file),
        ".gz": lambda file: pd.read_csv(file),
        ".parquet": lambda file: pd.read_parquet(file),
    }
    if path.suffix not in readers:
        raise InputError(path.name, f"the suffix {path.suffix!r}", ".csv, .csv.gz or .parquet")
    if not path.is_file():
        raise InputError(path.name, "no such file", "sample rows")
    try:
        frame = readers[path.suffix](path)
    except Exception as error:
        raise InputError(
            path.name, f"cannot be read ({type(error).__name__}: {error})", "rows with named columns"
        ) from error
    if not len(frame):
        raise InputError(path.name, "no rows", "at least one row")
    return frame


def _as_taken(model: Any, frame: Any) -> Any:
    """A frame whose only column is ``text`` as a list, for a model that takes texts and knows no column names."""
    if list(frame.columns) == ["text"] and not hasattr(model, "feature_names_in_"):
        return frame["text"].tolist()
    if (
        not hasattr(model, "feature_names_in_")
        and hasattr(model, "n_features_in_")
        and all(d.kind in "fiub" for d in frame.dtypes)
    ):
        return frame.to_numpy(dtype=float)
    return frame


def _tables(registry: tuple[str, ...]) -> list[Any]:
    from samescore_export.registry import named_table

    return [named_table(name) for name in registry]


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    wrong = [pair for pair in pairs if not all(pair.partition("="))]
    if wrong:
        raise InputError("--map", ", ".join(map(repr, wrong)), "OUTPUT=METHOD")
    return {output: method for output, _, method in (pair.partition("=") for pair in pairs)}


@click.command("export")
@_options(_MODEL, _SAMPLE, _METHODS, _REGISTRY, _TRUST, _PICKLE, _SEED, _BUDGET)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The artifact to write.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="A folder for the proof's report: HTML, Markdown, JUnit XML, JSON.",
)
@click.option(
    "--layout",
    type=click.Choice(["packed", "columns"]),
    default="packed",
    show_default=True,
    help="One input a dtype, or one a column.",
)
@click.option("--commit", help="The commit of the code that trained the model, for the provenance.")
def export_command(
    model: Path, sample: Path, methods: str | None, registry: tuple[str, ...], trust: tuple[str, ...], trust_pickle: bool,
    seed: int, budget: int, output: Path, report: Path | None, layout: Any, commit: str | None,
) -> int:  # fmt: skip
    """Compile MODEL to one .onnx file and prove that it gives the same scores.

    Exit codes: 0 written and proven, 1 a model that cannot be exported or a proof that failed (nothing is written), 2 misuse
    or unreadable input.

    \b
    Examples:
      samescore export model.skops --sample X.parquet -o churn.onnx
      samescore export model.joblib --trust-pickle --sample X.csv -o churn.onnx --report report/
      samescore export model.skops --sample X.csv -o m.onnx --methods predict,decision_function
    """
    from samescore_export.errors import ExportError, ProofError
    from samescore_export.exporting import export
    from samescore_export.model_file import read_model

    check_destination(output, report)
    try:
        # Closed before anything else is said: a message would stand behind the bar.
        with closing(Progress()) as progress:
            progress("load")
            fitted = read_model(model, trust, trust_pickle)
            rows = _as_taken(fitted, read_rows(sample))
            artifact = export(
                fitted, rows, output, _list(methods), report, _tables(registry),
                layout=layout, seed=seed, budget=budget, commit=commit, progress=progress,
            )  # fmt: skip
    except (ExportError, ProofError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, proof in (artifact.proof or {})["outputs"].items():
        print(f"{name}: {proof['sameness']}, {proof['bit_equal']} of {proof['rows']} probes bit-equal")
    print(f"{output}: {len(artifact.content)} bytes, digest {artifact.digest}")
    return 0


@click.command("check")
@_options(_MODEL, _SAMPLE, _METHODS, _REGISTRY, _TRUST, _PICKLE)
def check_command(
    model: Path,
    sample: Path,
    methods: str | None,
    registry: tuple[str, ...],
    trust: tuple[str, ...],
    trust_pickle: bool,
) -> int:
    """List every problem of MODEL at once, or what its export will be like; nothing is proven and nothing is written.

    Without problems: the sameness that each output can reach and why not more, the lowest onnxruntime that loads the file, and what to
    mind elsewhere.

    Exit codes: 0 no problem, 1 problems, 2 misuse or unreadable input.

    \b
    Examples:
      samescore check model.skops --sample X.parquet
    """
    from samescore_export.compiler import compile_model
    from samescore_export.errors import ExportError
    from samescore_export.model_file import read_model
    from samescore_export.preflight import preflight
    from samescore_export.registry import standard_registry
    from samescore_export.sample import read_sample, takes_dicts

    fitted = read_model(model, trust, trust_pickle)
    rows = read_sample(_as_taken(fitted, read_rows(sample)), takes_dicts(fitted))
    try:
        compiled = compile_model(fitted, rows, standard_registry(_tables(registry)), _list(methods))
    except ExportError as error:
        print(error)
        return 1
    print("no problem:", "\n  ".join(preflight(compiled)))
    return 0


@click.command("prove")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--against", "model", required=True, type=click.Path(path_type=Path), help="The fitted model it was made from."
)
@_options(_SAMPLE, _REGISTRY, _TRUST, _PICKLE, _SEED, _BUDGET)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="OUTPUT=METHOD",
    help="The method that an output of a foreign graph answers, where its name does not tell; may be repeated.",
)
@click.option(
    "--within",
    type=float,
    help="The largest difference accepted in a foreign graph, relative to an output's scale; 1e-5 where it has float32.",
)
@click.option("--report", type=click.Path(path_type=Path), help="A folder for the report.")
def prove_command(
    file: Path, model: Path, sample: Path, registry: tuple[str, ...], trust: tuple[str, ...], trust_pickle: bool,
    seed: int, budget: int, mapping: tuple[str, ...], within: float | None, report: Path | None,
) -> int:  # fmt: skip
    """Prove FILE, any .onnx, against the fitted model it was made from.

    An artifact's graph must be the compiled one, bit by bit; a graph that others made (skl2onnx, say) is held to the model's answers on
    probes chosen from the model. Types and axes that differ are said apart from values that do.

    Exit codes: 0 the same scores, 1 not, 2 misuse or unreadable input.

    \b
    Examples:
      samescore prove churn.onnx --against model.skops --sample X.parquet
      samescore prove skl2onnx.onnx --against model.skops --sample X.parquet --map probabilities=predict_proba
      samescore prove single.onnx --against model.skops --sample X.csv --within 1e-4 --report report/
    """
    from samescore_export.errors import ExportError, ProofError
    from samescore_export.exporting import prove_file
    from samescore_export.model_file import read_model

    check_destination(None, report)
    try:
        with closing(Progress()) as progress:
            progress("load")
            fitted = read_model(model, trust, trust_pickle)
            rows = _as_taken(fitted, read_rows(sample))
            proof, artifact = prove_file(
                file, fitted, rows, _tables(registry),
                mapping=_mapping(mapping), within=within, seed=seed, budget=budget, progress=progress,
            )  # fmt: skip
            if report is not None:
                from samescore_export.report import write_report

                progress("report")
                write_report(proof, artifact, report, file.name)
    except (ExportError, ProofError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, output in proof.outputs.items():
        print(f"{name}: {output.sameness}, {output.comparison.bit_equal} of {output.comparison.rows} probes bit-equal")
    for note in proof.notes:
        print(f"note: {note}")
    if proof.failures:
        print("\n".join(proof.failures))
        return 1
    return 0
