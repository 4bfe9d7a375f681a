"""The TreeEnsemble node (ai.onnx.ml 5) in double, and the certificate that it is the same trees.

The only tree operator with a double output: TreeEnsembleRegressor and TreeEnsembleClassifier give float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import Certificate, FinishedGraph, Verdict
from samescore_export.graph import Graph, Ints
from samescore_export.ordered import next_up

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


def tree_ensemble(graph: Graph, x: ir.Value, trees: Trees, splits: NDArray[np.float64], targets: int) -> ir.Value:
    """Append the node: (rows, features) float64 in, (rows, targets) float64 out, each target the sum of its trees' leaves.

    ``splits`` are the thresholds to write: ``trees.threshold`` moved to where ``x`` crosses it before it is rounded. With one
    intra-op thread the trees are added in their order, as scikit-learn adds them.
    """
    inner = trees.left >= 0
    # A tree that is one leaf becomes a split whose sides are the same leaf: the operator knows no tree without a split.
    lone = trees.roots[~inner[trees.roots]]
    listed = inner.copy()
    listed[lone] = True
    node_number = np.cumsum(listed) - 1
    leaf_number = np.cumsum(~inner) - 1

    nodes = np.flatnonzero(listed)
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


def splits_certificate(
    at: str,
    nodes: Sequence[tuple[ir.Value, Trees]],
    rounded: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    claim: str,
) -> Certificate:
    """Every tree in the nodes is the fitted tree: same shape, features, missing sides, category sets and leaves, and each split
    falls between the same two float64 numbers.

    The split t of the model and the split s in the file agree on every x if rounded(s) <= t and rounded(next(s)) > t,
    because ``rounded`` never decreases.
    """
    named = [(str(node.name), trees) for node, trees in nodes]

    def verify(finished: FinishedGraph) -> Verdict:
        verdicts = [
            _verify(finished, name, at, trees, rounded)
            if name in finished.nodes
            else Verdict(0, (f"{at}: no node {name}; the node that holds the trees",))
            for name, trees in named
            if finished.claimed(name)
        ]
        failures = [failure for verdict in verdicts for failure in verdict.failures]
        return Verdict(sum(verdict.checked for verdict in verdicts), tuple(failures[:10]))

    # Where trees stand both in one node and in a node each, every tree is counted once.
    trees = max(len(some.roots) for _, some in named)
    return Certificate(
        at,
        "tree_splits",
        f"{trees} trees: every split decides like the fitted one for every float64 input, "
        f"and every leaf has the fitted value; {claim}",
        "sums in a session with more than one intra-op thread, unless the leaves add exactly",
        verify,
    )


def _verify(
    finished: FinishedGraph,
    name: str,
    at: str,
    trees: Trees,
    rounded: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Verdict:
    def get(attribute: str) -> NDArray[Any]:
        found = finished.attribute(name, attribute)
        assert found is not None
        return found

    features, splits, modes = get("nodes_featureids"), get("nodes_splits"), get("nodes_modes")
    ids = (get("nodes_truenodeids"), get("nodes_falsenodeids"))
    leafs = (get("nodes_trueleafs"), get("nodes_falseleafs"))
    weights, targets, roots = get("leaf_weights"), get("leaf_targetids"), get("tree_roots")
    flags = finished.attribute(name, "nodes_missing_value_tracks_true")
    flags = np.zeros(len(features), np.int64) if flags is None else flags
    sets = _sets(finished, name, modes)
    nothing = np.zeros(0, np.int64)
    failures: list[str] = []
    checked = 0

    def fail(what: str, bad: NDArray[np.bool_], nodes: NDArray[np.int64]) -> None:
        for number in nodes[bad][:3]:
            tree = int(np.searchsorted(trees.roots, number, "right")) - 1
            failures.append(f"{at}: tree {tree}, node {number - trees.roots[tree]}: {what}; as fitted")

    if len(roots) != len(trees.roots) or get("n_targets") <= trees.target.max(initial=0):
        failures.append(f"{at}: {len(roots)} trees into {get('n_targets')} targets; {len(trees.roots)}")
        return Verdict(1, tuple(failures))
    # Walk the fitted and the written trees together, a level at a time, all trees at once.
    fitted, written = trees.roots.copy(), roots.copy()
    visited = 0
    while fitted.size:
        visited += fitted.size
        if visited > len(trees.left) + len(trees.roots):
            failures.append(f"{at}: a cycle among the nodes; trees")
            break
        lone = trees.left[fitted] < 0  # a tree of one leaf, written as a split with equal sides
        split, at_node = fitted[~lone], written[~lone]
        categorical = np.isin(split, np.fromiter(trees.categories, np.int64, len(trees.categories)))
        number, number_at = split[~categorical], at_node[~categorical]
        t, s = trees.threshold[number], splits[number_at]
        with np.errstate(over="ignore"):
            fail("the split differs", ~((rounded(s) <= t) & ((rounded(next_up(s)) > t) | np.isposinf(s))), number)
        fail("not a split by <=", modes[number_at] != LEQ, number)
        for node, node_at in zip(split[categorical], at_node[categorical], strict=True):
            if modes[node_at] != MEMBER or not np.array_equal(
                sets.get(int(node_at), nothing), trees.categories[int(node)]
            ):
                fail("the category set differs", np.array([True]), np.array([node]))
        fail("the feature differs", features[at_node] != trees.feature[split], split)
        fail("the side of missing values differs", flags[at_node].astype(bool) != trees.missing_left[split], split)
        checked += 3 * split.size
        children_f, children_w = [], []
        for side, fitted_children in enumerate((trees.left, trees.right)):
            child = np.where(trees.left[fitted] < 0, fitted, fitted_children[fitted])
            child_at, is_leaf = ids[side][written], leafs[side][written].astype(bool)
            fitted_leaf = trees.left[child] < 0
            fail("a leaf in place of a split, or the reverse", is_leaf != fitted_leaf, child)
            both = is_leaf & fitted_leaf
            same_leaf = weights[child_at[both]].view(np.int64) == trees.leaf[child[both]].view(np.int64)
            fail("the leaf's value differs", ~same_leaf, child[both])
            fail("the leaf's target differs", targets[child_at[both]] != trees.target[child[both]], child[both])
            checked += int(both.sum())
            inner = ~is_leaf & ~fitted_leaf
            children_f.append(child[inner])
            children_w.append(child_at[inner])
        fitted, written = np.concatenate(children_f), np.concatenate(children_w)
        if len(failures) >= 10:
            break
    for attribute, expected in (("aggregate_function", 1), ("post_transform", 0)):
        if get(attribute) != expected:
            failures.append(f"{at}: {attribute} {get(attribute)}; {expected}")
    return Verdict(checked, tuple(failures[:10]))


def _sets(finished: FinishedGraph, name: str, modes: NDArray[Any]) -> dict[int, NDArray[np.int64]]:
    values = finished.attribute(name, "membership_values")
    if values is None:
        return {}
    ends = np.flatnonzero(np.isnan(values))
    starts = np.concatenate([[0], ends[:-1] + 1])
    return {
        int(node): values[start:end].astype(np.int64)
        for node, start, end in zip(np.flatnonzero(modes == MEMBER), starts, ends, strict=False)
    }
