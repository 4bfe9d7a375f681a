"""Compiling a fitted model: lower it, and write the graph with its contract."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from samescore_export.acceptance import Acceptance, ask, check_taken
from samescore_export.arguments import check_methods, check_model
from samescore_export.certificate import Certificate, FinishedGraph
from samescore_export.errors import ExportError, Unsupported
from samescore_export.graph import Graph, without_outputs
from samescore_export.inputs import Inputs, make_inputs
from samescore_export.lowering.fallback import lower_with_skl2onnx
from samescore_export.operations.categories import strings_to_codes
from samescore_export.registry import Registry
from samescore_export.sample import TEXT, Sample, as_labels
from samescore_export.scope import Lowered, Scope
from samescore_export.values import WIDEST, Hint, Matrix, Rounding, Score, Table, matrix_of
from samescore_runtime import __version__
from samescore_runtime.contract import Contract, Layout, Output
from samescore_runtime.errors import InputError

#: Layout, and unit and description by column.
Settings: TypeAlias = tuple[Layout, Mapping[str, tuple[str | None, str | None]]]

#: The producer's name in every artifact.
PRODUCER = "samescore"

#: What takes a column of labels in the place of rows.
LABEL_ENCODERS = (LabelBinarizer, LabelEncoder, MultiLabelBinarizer)

#: Methods of scikit-learn that can become outputs.
METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "kneighbors",
)


def method_of(output: str) -> str:
    """The method an output belongs to: one with several results has an output each, ``predict_proba.0``, ``.1``, ..."""
    return output.partition(".")[0]


@dataclass(frozen=True)
class Compiled:
    """A model as a graph, and what is needed to prove it.

    Attributes:
        model: the graph, without metadata.
        bounds: the same graph with the auxiliary outputs named in ``roundings`` and ``margins`` added, for the proof alone.
        used: names of the graph's nodes and constants.
        contract: what it takes and gives.
        scores: output name -> how it was lowered.
        coupled: whether the answer for a row hangs on the other rows of its batch (decision 0010).
    """

    model: onnx.ModelProto
    bounds: onnx.ModelProto
    used: frozenset[str]
    contract: Contract
    scores: Mapping[str, Score]
    certificates: tuple[Certificate, ...]
    hints: tuple[Hint, ...]
    sample: Sample
    coupled: bool = False

    def expected(self, estimator: Any, output: str, native: Any) -> NDArray[Any]:
        """What the original model gives for an output, in the dtypes of the contract."""
        score = self.scores[output]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if score.call is not None:
                found = score.call(estimator, native)
            else:
                method, _, part = output.partition(".")
                found = getattr(estimator, method)(native)
                found = found[int(part)] if part else found
        return canonical(found, score)


def canonical(found: Any, score: Score) -> NDArray[Any]:
    """An estimator's answer as an array of the output's type: sparse made dense, integer labels int64.

    Some drop the rows' axis for a single row (SparsePCA); it is put back.
    """
    array = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
    if len(score.shape) == 1 and array.shape == score.shape:
        array = array.reshape(1, -1)
    if score.type == "string":
        return array.astype(object)
    if score.type == "int64" and array.dtype.kind in "iu":
        return array.astype(np.int64)
    if score.type == "float64" and array.dtype == object:
        # Numbers of several dtypes passed through a ColumnTransformer side by side.
        return array.astype(np.float64)
    return array


def default_methods(estimator: Any) -> tuple[str, ...]:
    """Labels and probabilities for classifiers (decision values where there are none), else what the estimator does."""
    if is_classifier(estimator):
        beside = next((name for name in ("predict_proba", "decision_function") if hasattr(estimator, name)), None)
        return ("predict",) if beside is None else ("predict", beside)
    last = (name for name in ("predict", "transform", "kneighbors", "score_samples") if hasattr(estimator, name))
    return tuple(last)[:1]


@contextmanager
def single_threaded(estimator: Any) -> Iterator[None]:
    """``n_jobs=1`` in the estimator and all that it holds: on several threads a forest adds its trees in any order."""
    changed: list[tuple[Any, Any]] = []
    seen: set[int] = set()
    pending = [estimator]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)) or (
            isinstance(item, np.ndarray) and item.dtype == object and item.size < 10_000
        ):
            pending.extend(item)
        elif hasattr(item, "get_params") and hasattr(item, "__dict__"):
            if getattr(item, "n_jobs", 1) not in (None, 1):
                changed.append((item, item.n_jobs))
                item.n_jobs = 1
            pending.extend(vars(item).values())
    try:
        yield
    finally:
        for item, jobs in changed:
            item.n_jobs = jobs


def compile_model(
    estimator: Any,
    sample: Sample,
    registry: Registry,
    methods: Sequence[str] | None = None,
    layout: Layout = "packed",
    descriptions: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> Compiled:
    """Lower the estimator and write its graph.

    Raises:
        ExportError: all parts that have no lowering, columns the model does not know, methods it does not have.
        InputError: no fitted estimator, or a sample that it refuses.
    """
    check_model(estimator)
    check_methods(methods)
    if isinstance(estimator, LABEL_ENCODERS):
        sample = as_labels(sample)
    problems = [*_sample_problems(estimator, sample), *_label_problems(estimator)]
    if problems:
        raise ExportError(problems)
    if type(estimator).__module__.partition(".")[0] in ("xgboost", "lightgbm"):
        sample = replace(sample, categorical=True)
    order = _column_order(estimator, sample)
    settings = (layout, descriptions or {})
    acceptance = _acceptance(estimator, sample, registry, order, methods, settings)
    read, texts = frozenset(order), frozenset({TEXT} if sample.form == "texts" else ())
    # What is text and which columns are read shows only in lowering; once it is known the graph is written again.
    for _ in range(3):
        graph, inputs, lowered, scope = _lower(estimator, sample, registry, order, read, texts, acceptance, settings)
        if scope.problems or (graph.used == read and scope.texts <= texts):
            break
        read, texts = frozenset(graph.used), texts | frozenset(scope.texts)
    if scope.problems:
        raise ExportError(scope.problems)
    scores = _chosen(estimator, lowered, graph, methods)
    contract = Contract(layout, inputs.columns, inputs.tensors, _outputs(scores), graph.any_key)
    _refuse_names(contract)
    bounds = _proto(graph, scores)
    _refuse_wide(graph, bounds)
    model = without_outputs(bounds, lambda name: "#" in name)
    return Compiled(
        model=model,
        bounds=bounds,
        used=FinishedGraph(model).names,
        contract=contract,
        scores=scores,
        certificates=lowered.certificates,
        hints=lowered.hints,
        sample=sample,
        coupled=bool(scope.coupled),
    )


def _refuse_names(contract: Contract) -> None:
    """Raise where an input, named like its column in the layout ``columns``, has no name or that of something else."""
    names = [tensor.name for tensor in contract.tensors]
    taken = Counter([*names, *(tensor.missing for tensor in contract.tensors), *(o.name for o in contract.outputs)])
    # A mask is both a tensor and what another names as its mask.
    masks = {tensor.missing for tensor in contract.tensors}
    bad = [name for name in dict.fromkeys(names) if not name or taken[name] > 1 + (name in masks)]
    if bad:
        accepted = "a name that no output, mask or type has, or the layout packed"
        raise ExportError([Unsupported("sample", f"a column named {name!r}", accepted) for name in bad])


def _refuse_wide(graph: Graph, written: onnx.ModelProto) -> None:
    """Raise where a step, or an output, needs a very wide sparse matrix as a whole."""
    found = {graph.wide[name] for name in FinishedGraph(written).nodes if name in graph.wide}
    if found:
        accepted = f"at most {WIDEST} columns, or a step behind it that works on a sparse matrix (a linear model, say)"
        problems = [Unsupported(at, f"a matrix of {width} columns, needed as a whole", accepted) for at, width in found]
        raise ExportError(sorted(problems, key=str))


def _sample_problems(estimator: Any, sample: Sample) -> list[Unsupported]:
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    if not fitted or sample.form in ("texts", "labels"):
        return []
    extra = [name for name in sample.columns if name not in fitted]
    lost = [name for name in fitted if name not in sample.columns]
    if sample.form == "array":
        width = f"an array of {len(sample.columns)} columns for a model fitted on named columns"
        return [Unsupported("sample", width, f"a data frame with the columns {', '.join(fitted)}")]
    return [
        *(
            Unsupported(
                f"sample.{name}", "a column that the model was not fitted on; is it the target?", "the model's columns"
            )
            for name in extra
        ),
        *(Unsupported(f"sample.{name}", "no such column", "all columns that the model was fitted on") for name in lost),
    ]


def _label_problems(estimator: Any) -> list[Unsupported]:
    """Labels that no output can hold: bytes and times, and whole numbers beyond int64."""
    classes = getattr(estimator, "classes_", None)
    arrays = [array for array in (classes if isinstance(classes, list) else [classes]) if isinstance(array, np.ndarray)]
    largest = np.iinfo(np.int64).max
    strange = [
        Unsupported("model", f"labels of the type {array.dtype}", "strings, whole numbers, floats or bools")
        for array in arrays
        if array.dtype.kind not in "UObiuf"
    ]
    wide = [
        Unsupported("model", f"the label {array.max()}", "whole numbers within int64")
        for array in arrays
        if array.dtype == np.uint64 and array.size and array.max() > largest
    ]
    return [*strange, *wide]


def _column_order(estimator: Any, sample: Sample) -> list[str]:
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    return (
        [name for name in fitted if name in sample.columns]
        if fitted and sample.form == "frame"
        else list(sample.columns)
    )


def _acceptance(
    estimator: Any,
    sample: Sample,
    registry: Registry,
    order: Sequence[str],
    methods: Sequence[str] | None,
    settings: Settings,
) -> dict[str, Acceptance]:
    """What the model takes, found by calling the methods that will be exported.

    An estimator with methods of its own, or over lists, is lowered once before, to learn these from its lowering.
    """
    names = methods or default_methods(estimator)
    lists = [name for name, type_ in sample.types.items() if type_ == "list<string>"]
    # No other method is called by its name: fit_predict would fit the model anew.
    known = [name for name in names if name in METHODS and hasattr(estimator, name)]
    calls: list[Callable[[Any], Any]] = [getattr(estimator, name) for name in known]
    max_lengths = {name: max(len(cell) for cell in sample.columns[name]) for name in lists}
    if lists or len(calls) < len(names) or not names or sample.form == "labels":
        guess = dict.fromkeys(order, Acceptance())
        _, _, lowered, scope = _lower(
            estimator, sample, registry, order, frozenset(order), frozenset(), guess, settings
        )
        if scope.problems:
            raise ExportError(scope.problems)
        max_lengths.update(lowered.max_lengths)
        for name, score in lowered.scores.items():
            if score.call is not None:
                calls.append(partial(score.call, estimator))
            elif method_of(name) in names and method_of(name) not in METHODS:
                calls.append(getattr(estimator, method_of(name)))

    def call(native: Any) -> None:
        for each in calls:
            each(native)

    with single_threaded(estimator):
        try:
            check_taken(call, sample)
        except InputError as refused:
            # Some take no rows that a contract can describe (PatchExtractor): what cannot be lowered is said first.
            problems = _problems(estimator, sample, registry, order, settings)
            if problems and not isinstance(refused.__cause__, NotFittedError):
                raise ExportError(problems) from refused
            raise
        return ask(call, sample, max_lengths)


def _problems(
    estimator: Any, sample: Sample, registry: Registry, order: Sequence[str], settings: Settings
) -> list[Unsupported]:
    """What cannot be lowered of a model that refuses its sample; nothing where lowering it over that sample makes no sense."""
    guess = dict.fromkeys(order, Acceptance())
    try:
        *_, scope = _lower(estimator, sample, registry, order, frozenset(order), frozenset(), guess, settings)
    except Exception:
        return []
    return scope.problems


def _lower(
    estimator: Any,
    sample: Sample,
    registry: Registry,
    order: Sequence[str],
    read: frozenset[str],
    texts: frozenset[str],
    acceptance: Mapping[str, Acceptance],
    settings: Settings,
) -> tuple[Graph, Inputs, Lowered, Scope]:
    graph = Graph()
    inputs = make_inputs(graph, sample, order, read, texts, acceptance, *settings)
    scope = Scope(graph, registry, lower_with_skl2onnx, [], set())
    if sample.form == "array" and inputs.table.numeric:
        value: Matrix | Table = matrix_of(graph, inputs.table)
    else:
        value = inputs.table
    lowered = scope.lower(estimator, value, "steps" if hasattr(estimator, "steps") else "model")
    if isinstance(lowered.transform, Table) and lowered.transform.numeric:
        # Columns that are only passed on are read here, and so become inputs.
        lowered = replace(lowered, transform=matrix_of(graph, lowered.transform))
    return graph, inputs, lowered, scope


def _chosen(estimator: Any, lowered: Lowered, graph: Graph, methods: Sequence[str] | None) -> dict[str, Score]:
    available = dict(lowered.scores)
    if lowered.transform is not None and "transform" not in available:
        score = _transform_score(lowered.transform, graph)
        if score is not None:
            available["transform"] = score
    known = tuple(dict.fromkeys(map(method_of, available)))
    wanted = tuple(methods or default_methods(estimator)) or known
    lacking = [name for name in wanted if name not in known]
    if lacking:
        raise ExportError(
            [
                Unsupported("methods", name, f"one of {', '.join(known) or 'none, this model has no outputs'}")
                for name in lacking
            ]
        )
    return {name: score for method in wanted for name, score in available.items() if method_of(name) == method}


def _transform_score(value: Matrix | Table, graph: Graph) -> Score | None:
    if isinstance(value, Table) and not value.numeric:
        return None
    matrix = matrix_of(graph, value)
    if matrix.integers:
        whole = graph.op("Cast", matrix.value, to=int(ir.DataType.INT64))
        return Score(whole, "int64", (matrix.width,), margin=matrix.margin)
    return Score(matrix.value, matrix.dtype, (matrix.width,), rounding=matrix.rounding, margin=matrix.margin)


def _travels_badly(label: Any) -> bool:
    """Whether the JVM binding breaks a label: a character beyond the Basic Multilingual Plane, or U+0000."""
    return isinstance(label, str) and any(ord(c) > 0xFFFF or c == "\0" for c in label)


def _outputs(scores: Mapping[str, Score]) -> tuple[Output, ...]:
    outputs = []
    for name, score in scores.items():
        labels = score.type == "string" and score.labels is not None
        index = f"{name}.index" if labels and any(map(_travels_badly, score.labels or ())) else None
        outputs.append(Output(name, score.type, (None, *score.shape), score.labels, index))
        if index is not None:
            outputs.append(Output(index, "int64", (None, *score.shape), None, None))
    return tuple(outputs)


def _proto(graph: Graph, scores: Mapping[str, Score]) -> onnx.ModelProto:
    outputs: dict[str, tuple[ir.Value, str, Sequence[int | str] | None]] = {}
    for name, score in scores.items():
        shape = ("rows", *(f"{name}.size" if size is None else size for size in score.shape))
        outputs[name] = (score.value, score.type, shape)
        if score.type == "string" and any(map(_travels_badly, score.labels or ())):
            labels = [str(label) for label in score.labels or ()]
            outputs[f"{name}.index"] = (strings_to_codes(graph, score.value, labels, -1), "int64", shape)
    for name, score in scores.items():
        bounds: list[tuple[str, Rounding | None]] = [("scale", score.rounding)]
        if score.margin is not None:
            outputs[f"{name}#margin"] = (score.margin[0], "float64", None)
            bounds.append(("margin_scale", score.margin[1]))
        for what, rounding in bounds:
            if rounding is not None and rounding.scale is not None:
                outputs[f"{name}#{what}"] = (rounding.scale, "float64", None)
    return ir.to_proto(graph.to_model(outputs, PRODUCER, __version__))
