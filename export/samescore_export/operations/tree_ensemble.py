"""The TreeEnsemble node (ai.onnx.ml 5) in double.

The only tree operator with a double output: TreeEnsembleRegressor and TreeEnsembleClassifier give float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph, Ints

#: BRANCH_LEQ (x <= split) and BRANCH_MEMBER (x in set) of the operator's nodes_modes.
LEQ, MEMBER = 0, 6


@dataclass(frozen=True, slots=True)
class Trees:
    """Many binary trees, their nodes one after another.

    Arrays have one element per node; ``left`` and ``right`` are node numbers over all trees, -1 at a leaf. A split sends
    x left if ``rounded(x) <= threshold``. ``leaf`` is a leaf's value, ``target`` the output it is added to.

    Attributes:
        roots: (trees,) number of each tree's root.
        categories: node number -> the category codes that go left, for splits on a category.
    """

    roots: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.float64]
    target: NDArray[np.int64]
    categories: dict[int, NDArray[np.int64]]


def fitted_tree(tree: Any, leaf: NDArray[np.float64], target: int = 0) -> Trees:
    """A ``sklearn.tree._tree.Tree`` with ``leaf`` (nodes,) as the values that its leaves add to ``target``."""
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.maximum(tree.feature, 0).astype(np.int64),
        threshold=tree.threshold,
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=tree.missing_go_to_left.astype(bool),
        leaf=np.asarray(leaf, np.float64),
        target=np.full(tree.node_count, target, np.int64),
        categories={},
    )


def constant_trees(values: Sequence[float]) -> Trees:
    """One tree per value, a single leaf each, adding value i to target i.

    A constant is given as a first tree, not added afterwards: scikit-learn starts the sum at it, and the order of a
    floating point sum is part of the result.
    """
    count = len(values)
    none = np.full(count, -1, np.int64)
    return Trees(
        roots=np.arange(count, dtype=np.int64),
        feature=np.zeros(count, np.int64),
        threshold=np.zeros(count),
        left=none,
        right=none,
        missing_left=np.zeros(count, bool),
        leaf=np.asarray(values, np.float64),
        target=np.arange(count, dtype=np.int64),
        categories={},
    )


def bisection(edges: NDArray[np.float64], feature: int = 0, target: int = 0, offset: int = 0) -> Trees:
    """A balanced tree that adds to ``target`` how many of the sorted ``edges`` are below a value, plus ``offset``."""
    count = len(edges)
    threshold, leaf = np.zeros(2 * count + 1), np.zeros(2 * count + 1)
    left, right = np.full(2 * count + 1, -1, np.int64), np.full(2 * count + 1, -1, np.int64)
    pending = [(0, 0, count)]
    free = 1
    while pending:
        node, low, high = pending.pop()
        if low == high:
            leaf[node] = offset + low
            continue
        middle = (low + high) // 2
        threshold[node], left[node], right[node] = edges[middle], free, free + 1
        pending += [(free, low, middle), (free + 1, middle + 1, high)]
        free += 2
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.full(2 * count + 1, feature, np.int64),
        threshold=threshold,
        left=left,
        right=right,
        missing_left=np.zeros(2 * count + 1, bool),
        leaf=leaf,
        target=np.full(2 * count + 1, target, np.int64),
        categories={},
    )


def joined(groups: Sequence[Trees]) -> Trees:
    """The trees of all groups, in order."""
    offsets = np.concatenate([[0], np.cumsum([len(group.feature) for group in groups])])

    def shifted(name: str) -> NDArray[np.int64]:
        parts = []
        for group, offset in zip(groups, offsets, strict=False):
            numbers = getattr(group, name)
            parts.append(np.where(numbers < 0, numbers, numbers + offset))
        return np.concatenate(parts)

    def together(name: str) -> Any:
        return np.concatenate([getattr(group, name) for group in groups])

    return Trees(
        roots=shifted("roots"),
        feature=together("feature"),
        threshold=together("threshold"),
        left=shifted("left"),
        right=shifted("right"),
        missing_left=together("missing_left"),
        leaf=together("leaf"),
        target=together("target"),
        categories={
            node + int(offset): codes
            for group, offset in zip(groups, offsets, strict=False)
            for node, codes in group.categories.items()
        },
    )


def numbering(trees: Trees) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which nodes of the trees the operator lists, and by node its number among these and its number among the leaves.

    A tree that is one leaf becomes a split whose sides are the same leaf: the operator knows no tree without a split.
    """
    inner = trees.left >= 0
    listed = inner.copy()
    listed[trees.roots[~inner[trees.roots]]] = True
    return np.flatnonzero(listed), np.cumsum(listed) - 1, np.cumsum(~inner) - 1


def tree_ensemble(graph: Graph, x: ir.Value, trees: Trees, splits: NDArray[np.float64], targets: int) -> ir.Value:
    """Append the node: (rows, features) float64 in, (rows, targets) float64 out, each target the sum of its trees' leaves.

    ``splits`` are the thresholds to write: ``trees.threshold`` moved to where ``x`` crosses it before it is rounded. With one
    intra-op thread the trees are added in their order, as scikit-learn adds them.
    """
    inner = trees.left >= 0
    nodes, node_number, leaf_number = numbering(trees)
    single = ~inner[nodes]
    left = np.where(single, nodes, trees.left[nodes])
    right = np.where(single, nodes, trees.right[nodes])

    def child(side: NDArray[np.int64]) -> tuple[Ints, Ints]:
        is_leaf = ~inner[side]
        return Ints(np.where(is_leaf, leaf_number[side], node_number[side])), Ints(is_leaf.astype(np.int64))

    true_ids, true_leafs = child(left)
    false_ids, false_leafs = child(right)
    written = np.where(single, 0.0, splits[nodes])
    modes = np.full(len(nodes), LEQ, np.uint8)
    attributes: dict[str, Any] = {}
    if trees.categories:
        member = np.isin(nodes, np.fromiter(trees.categories, np.int64))
        modes[member] = MEMBER
        # The sets of all member nodes in node order, each closed by a NaN.
        sets = [np.append(trees.categories[int(n)].astype(np.float64), np.nan) for n in nodes[member]]
        attributes["membership_values"] = np.concatenate(sets)
    leaves = np.flatnonzero(~inner)
    missing = np.where(single, False, trees.missing_left[nodes])
    if missing.any():
        attributes["nodes_missing_value_tracks_true"] = Ints(missing.astype(np.int64))
    return graph.op(
        "TreeEnsemble",
        x,
        domain="ai.onnx.ml",
        n_targets=targets,
        aggregate_function=1,
        post_transform=0,
        tree_roots=Ints(node_number[trees.roots]),
        nodes_featureids=Ints(np.where(single, 0, trees.feature[nodes])),
        nodes_splits=written,
        nodes_modes=modes,
        nodes_truenodeids=true_ids,
        nodes_trueleafs=true_leafs,
        nodes_falsenodeids=false_ids,
        nodes_falseleafs=false_leafs,
        leaf_targetids=Ints(trees.target[leaves]),
        leaf_weights=trees.leaf[leaves],
        **attributes,
    )
