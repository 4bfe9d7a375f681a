"""What a lowering works with: the graph, its place in the pipeline, and the way to lower its children."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from samescore_export.certificate import Certificate
from samescore_export.errors import Unsupported, UnsupportedError
from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.values import Hint, Matrix, Score, Series, Table, also_hanging_on

#: Where samescore's own lowerings are.
OURS = "samescore_export.lowering."


@dataclass(frozen=True, slots=True)
class Lowered:
    """What one estimator became: its outputs by method, and what is needed to prove them.

    ``max_lengths`` says how many elements a column of lists may have, where the estimator limits it. ``margins`` are those of
    decisions between inexact numbers that all its outputs hang on (a split of a tree behind a sum, say); a decision that only
    one output hangs on belongs to that score.
    """

    transform: Matrix | Table | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    hints: tuple[Hint, ...] = ()
    max_lengths: Mapping[str, int] = field(default_factory=dict)
    margins: tuple[Margin, ...] = ()

    def with_evidence(self, *children: Lowered) -> Lowered:
        """This result, carrying the certificates, hints and margins of the children it was made from as well."""
        return Lowered(
            self.transform,
            self.scores,
            (*(item for child in children for item in child.certificates), *self.certificates),
            (*(item for child in children for item in child.hints), *self.hints),
            {name: size for one in (*children, self) for name, size in one.max_lengths.items()},
            (*(margin for child in children for margin in child.margins), *self.margins),
        )

    def of_rows(self, each: int) -> Lowered:
        """This result where each of the model's rows has become ``each`` before."""
        if each == 1:
            return self
        transform = self.transform
        if isinstance(transform, Matrix):
            transform = replace(transform, each=max(each, transform.each))
        scores = {name: replace(score, each=max(each, score.each)) for name, score in self.scores.items()}
        return replace(self, transform=transform, scores=scores)

    def hanging_on(self, graph: Graph, margin: Margin) -> Lowered:
        """This result where all outputs hang on ``margin`` and on those of its own ``margins`` too."""
        whole = nearest_of(graph, [margin, *self.margins])
        if whole is None:
            return self
        transform = self.transform
        if transform is not None:
            transform = replace(transform, margin=nearest_of(graph, [whole, transform.margin]))
        scores = {name: also_hanging_on(graph, score, whole) for name, score in self.scores.items()}
        return replace(self, transform=transform, scores=scores, margins=(whole,))


def _fitted(estimator: Any) -> bool:
    """False where scikit-learn says that an estimator was not fitted."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    except TypeError:  # no estimator of scikit-learn's kind
        return True
    return True


def _ours(lowering: Lowering) -> bool:
    return str(getattr(lowering, "__module__", "")).startswith(OURS)


Lowering: TypeAlias = Callable[[Any, "Matrix | Table", "Scope"], Lowered]


@dataclass(frozen=True)
class Scope:
    """Handed to every lowering.

    ``problems`` gathers what could not be lowered anywhere in the model, ``texts`` the columns that are read as text, ``coupled`` the
    steps whose answer for a row hangs on the other rows of its batch (decision 0010), ``uncertified`` those whose lowering is not ours and
    states no certificate.
    """

    graph: Graph
    registry: Mapping[type, Lowering]
    fallback: Lowering
    problems: list[Unsupported]
    texts: set[str]
    coupled: set[str] = field(default_factory=set)
    uncertified: set[str] = field(default_factory=set)

    def lower(self, estimator: Any, inputs: Matrix | Table, step: str) -> Lowered:
        """Lower a child estimator at ``step`` below this one.

        What cannot be lowered is noted and stands in as a column of zeros, so that the rest of the model is looked at
        too and all problems come out at once; the compiler then discards the graph.
        """
        with self.graph.at(step):
            try:
                lowering = self.registry.get(type(estimator), self.fallback)
                lowered = lowering(estimator, inputs, self)
                if not lowered.certificates and (lowering is self.fallback or not _ours(lowering)):
                    self.uncertified.add(self.graph.path)
                return lowered.hanging_on(self.graph, inputs.margin).of_rows(getattr(inputs, "each", 1))
            except UnsupportedError as error:
                problem = error.problem
            except UnicodeEncodeError as error:
                problem = self.refuse(f"the string {error.object!r} with a lone surrogate", "text").problem
            except AttributeError:
                if _fitted(estimator):
                    raise
                problem = self.refuse(f"a {type(estimator).__name__} that is not fitted", "a fitted model").problem
            self.problems.append(problem)
            return self._stand_in(estimator, inputs)

    def code_points(self, series: Series) -> ir.Value:
        """A string column as int32 code points (rows, length), -1 behind the end.

        Asking for it makes the column a text: the compiler then gives it an input of its own and lowers the model again.
        """
        if series.column is None:
            raise self.refuse(f"text made by an earlier step ({series.name})", "a text column as it comes in")
        self.texts.add(series.column)
        self.graph.used.add(series.column)
        if series.type == "text":
            return series.tensor
        return self.graph.constant(np.full((1, 1), -1), np.int32)

    def refuse(self, found: str, accepted: str) -> UnsupportedError:
        """The error to raise for something at this place that has no lowering."""
        return UnsupportedError(self.graph.path, found, accepted)

    def check_options(self, estimator: Any, accepted: Mapping[str, Iterable[Any]]) -> None:
        """Raise for the first option whose value is not among those accepted."""
        for name, values in accepted.items():
            value, known = getattr(estimator, name), list(values)
            if not any(value is item or value == item for item in known):
                raise self.refuse(
                    f"{type(estimator).__name__}({name}={value!r})", f"{name}={' or '.join(map(repr, known))}"
                )

    def _stand_in(self, estimator: Any, inputs: Matrix | Table) -> Lowered:
        width = inputs.width
        try:
            width = len(estimator.get_feature_names_out())
        except Exception:
            width = inputs.width
        zeros = self.graph.constant(np.zeros((1, width)))
        label = Score(self.graph.constant(np.zeros(1)), "float64")
        rows = Score(zeros, "float64", (width,))
        methods = ("predict_proba", "decision_function", "predict_log_proba", "score_samples")
        return Lowered(Matrix(zeros, width), {"predict": label, **dict.fromkeys(methods, rows)})
