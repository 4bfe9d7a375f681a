"""The certificate of trees: all nodes at once where they are numbered as written, tree by tree where something differs; both say the same."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeRegressor

from samescore_export import export_proven
from samescore_export.certificate import FinishedGraph
from samescore_export.operations import tree_certificate

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2000, 4))
X[::9, 1] = np.nan
Y = np.nan_to_num(X[:, 0] * X[:, 1]) + RNG.normal(size=2000)

MODELS = {
    "a forest in both ways": lambda: RandomForestClassifier(12, random_state=0).fit(X, Y > 0),
    "extra trees": lambda: ExtraTreesRegressor(8, random_state=0).fit(X, Y),
    "boosting": lambda: GradientBoostingRegressor(n_estimators=5).fit(np.nan_to_num(X), Y),
    "histogram boosting with categories": lambda: HistGradientBoostingClassifier(
        max_iter=5, categorical_features=[3]
    ).fit(np.column_stack([X[:, :3], RNG.integers(0, 9, 2000)]), Y > 0),
    "trees of one leaf": lambda: RandomForestClassifier(5, max_depth=1, random_state=0).fit(X, np.arange(2000) > 1998),
    "a tree of one leaf": lambda: DecisionTreeRegressor().fit(X, np.ones(2000)),
}


def rows(case):
    if "categories" in case:
        return np.column_stack([X[:, :3], RNG.integers(0, 9, 2000)])[:200]
    return (np.nan_to_num(X) if case == "boosting" else X)[:200]


def verdict(compiled, model=None):
    finished = FinishedGraph(compiled.model if model is None else model, compiled.used)
    (certificate,) = [item for item in compiled.certificates if item.kind == "tree_splits"]
    return certificate.verify(finished)


@pytest.mark.parametrize("case", MODELS)
def test_at_once_and_tree_by_tree_check_the_same_facts(case, monkeypatch):
    compiled = export_proven(MODELS[case](), rows(case), budget=50).compiled
    seen = []
    real = tree_certificate._as_written
    monkeypatch.setattr(tree_certificate, "_as_written", lambda *a: seen.append(real(*a)) or seen[-1])
    at_once = verdict(compiled)
    assert not at_once.failures
    assert seen
    assert None not in seen
    monkeypatch.setattr(tree_certificate, "_as_written", lambda *a: None)
    walked = verdict(compiled)
    assert not walked.failures
    assert walked.checked == at_once.checked > 0


def _renumbered(node):
    """The same trees, their leaves listed the other way round."""
    items = {item.name: item for item in node.attribute}
    weights = numpy_helper.to_array(items["leaf_weights"].t)
    targets = np.array(items["leaf_targetids"].ints)
    for side in ("true", "false"):
        ids, leafs = items[f"nodes_{side}nodeids"].ints, items[f"nodes_{side}leafs"].ints
        turned = [len(weights) - 1 - i if leaf else i for i, leaf in zip(ids, leafs, strict=True)]
        del ids[:]
        ids.extend(turned)
    items["leaf_weights"].t.CopyFrom(numpy_helper.from_array(weights[::-1].copy()))
    del items["leaf_targetids"].ints[:]
    items["leaf_targetids"].ints.extend(targets[::-1].tolist())


def test_the_same_trees_numbered_otherwise_are_the_same_trees():
    compiled = export_proven(MODELS["boosting"](), rows("boosting"), budget=50).compiled
    other = onnx.ModelProto()
    other.CopyFrom(compiled.model)
    (node,) = [node for node in other.graph.node if node.op_type == "TreeEnsemble"]
    _renumbered(node)
    found = verdict(compiled, other)
    assert not found.failures
    assert found.checked == verdict(compiled).checked


def test_many_small_nodes_are_gone_through_in_chunks(monkeypatch):
    compiled = export_proven(MODELS["a forest in both ways"](), rows(""), budget=50).compiled
    whole = verdict(compiled)
    monkeypatch.setattr(tree_certificate, "CHUNK", 1000)
    assert verdict(compiled) == whole


def test_a_lost_node_is_named():
    compiled = export_proven(MODELS["boosting"](), rows("boosting"), budget=50).compiled
    empty = onnx.ModelProto()
    (line,) = verdict(replace(compiled), empty).failures
    assert "no node" in line
