"""Compiling a fitted model: lower it, and write the graph with its contract."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from samescore_export.acceptance import Acceptance, ask, check_taken
from samescore_export.arguments import check_described, check_methods, check_model
from samescore_export.certificate import Certificate, FinishedGraph
from samescore_export.errors import ExportError, Unsupported
from samescore_export.graph import Graph, without_outputs
from samescore_export.inputs import Inputs, make_inputs
from samescore_export.lowering.fallback import lower_with_skl2onnx
from samescore_export.model_problems import label_problems, sample_problems
from samescore_export.outputs import contract_outputs, written
from samescore_export.registry import Registry
from samescore_export.sample import TEXT, Sample, as_labels, unreadable
from samescore_export.scope import Lowered, Scope
from samescore_export.threads import single_threaded
from samescore_export.values import WIDEST, Hint, Matrix, Score, Table, columns_of, matrix_of
from samescore_runtime.contract import Contract, Layout
from samescore_runtime.errors import InputError

#: Layout, and unit and description by column.
Settings: TypeAlias = tuple[Layout, Mapping[str, tuple[str | None, str | None]]]

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
        uncertified: steps that a converter, or a lowering from elsewhere, wrote without a certificate.
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
    uncertified: tuple[str, ...] = ()

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
        return row_by_row(canonical(found, score), score.each)


def row_by_row(found: NDArray[Any], each: int) -> NDArray[Any]:
    """An answer of ``each`` rows for one as (rows, each, ...); left as it is where it has not so many, to be told by its shape."""
    if each == 1 or len(found) % each:
        return found
    return found.reshape(len(found) // each, each, *found.shape[1:])


def rows_together(found: NDArray[Any], each: int) -> NDArray[Any]:
    """What :func:`row_by_row` took apart, as the model itself gives it."""
    return found if each == 1 else found.reshape(len(found) * each, *found.shape[2:])


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
    problems = [*sample_problems(estimator, sample), *label_problems(estimator)]
    if problems:
        raise ExportError(problems)
    if type(estimator).__module__.partition(".")[0] in ("xgboost", "lightgbm"):
        sample = replace(sample, categorical=True)
    order = _column_order(estimator, sample)
    check_described(descriptions, sample)
    settings = (layout, descriptions or {})
    acceptance = _acceptance(estimator, sample, registry, order, methods, settings)
    read, texts = frozenset(order), frozenset({TEXT} if sample.form == "texts" else ())
    # What is text and which columns are read shows only in lowering; once it is known the graph is written again.
    for _ in range(3):
        graph, inputs, lowered, scope = _lower(estimator, sample, registry, order, read, texts, acceptance, settings)
        if read_strangers := {name: why for name, why in sample.strange.items() if name in graph.used}:
            raise unreadable(read_strangers)
        # An array is read by position, and so as a whole.
        used = frozenset(order) if sample.form == "array" else frozenset(graph.used)
        if scope.problems or (used == read and scope.texts <= texts):
            break
        read, texts = used, texts | frozenset(scope.texts)
    if scope.problems:
        raise ExportError(scope.problems)
    scores = _chosen(estimator, lowered, graph, methods)
    outputs = contract_outputs(scores)
    contract = Contract(layout, inputs.columns, inputs.tensors, outputs, graph.any_key, sample.row_shape)
    _refuse_names(contract)
    bounds = written(graph, scores)
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
        uncertified=tuple(sorted(scope.uncertified)),
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


def _refuse_wide(graph: Graph, model: onnx.ModelProto) -> None:
    """Raise where a step, or an output, needs a very wide sparse matrix as a whole."""
    found = {graph.wide[name] for name in FinishedGraph(model).nodes if name in graph.wide}
    if found:
        accepted = f"at most {WIDEST} columns, or a step behind it that works on a sparse matrix (a linear model, say)"
        problems = [Unsupported(at, f"a matrix of {width} columns, needed as a whole", accepted) for at, width in found]
        raise ExportError(sorted(problems, key=str))


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
            if sample.strange:
                raise unreadable(sample.strange) from refused
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
        value: Matrix | Table = replace(matrix_of(graph, inputs.table), axes=sample.row_shape)
    else:
        value = inputs.table
    lowered = scope.lower(estimator, value, "steps" if hasattr(estimator, "steps") else "model")
    if isinstance(lowered.transform, Table):
        lowered = _passed_on(lowered, lowered.transform, sample, graph)
    return graph, inputs, lowered, scope


def _passed_on(lowered: Lowered, table: Table, sample: Sample, graph: Graph) -> Lowered:
    """The transform of a model that passes columns on: they are read here, and so become inputs. Times are no output."""
    kinds = {series.type for series in table.series}
    times = [series.column for series in table.series if sample.types.get(series.column or "") == "datetime"]
    if times:
        graph.used.update(name for name in times if name is not None)
        return replace(lowered, transform=None)
    if kinds in ({"bool"}, {"string"}) and all(series.missing is None for series in table.series):
        parts = [columns_of(graph, [series]) for series in table.series]
        value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
        score = Score(value, "bool" if kinds == {"bool"} else "string", (table.width,), margin=table.margin)
        return replace(lowered, scores={"transform": score, **lowered.scores})
    return replace(lowered, transform=matrix_of(graph, table)) if table.numeric else lowered


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
    rounding = matrix.rounding
    type_: Literal["int64", "float64", "float32"] = matrix.dtype
    found = matrix.value
    if matrix.integers:
        found, type_, rounding = graph.op("Cast", found, to=int(ir.DataType.INT64)), "int64", None
    if matrix.axes is not None:
        found = graph.op("Reshape", found, graph.constant([-1, *matrix.axes], np.int64))
    shape = matrix.axes or (matrix.width,)
    return Score(found, type_, shape, rounding=rounding, margin=matrix.margin, each=matrix.each)
