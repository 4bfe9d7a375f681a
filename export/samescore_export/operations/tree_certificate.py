"""The certificate that the nodes of a finished file hold the fitted trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import Certificate, FinishedGraph, Verdict
from samescore_export.operations.tree_ensemble import LEQ, MEMBER, Trees, joined, numbering
from samescore_export.ordered import next_up
from samescore_export.values import Forward

#: Fitted nodes that are gone through at once.
CHUNK = 2**18

_PER_NODE = (
    "nodes_featureids", "nodes_splits", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids", "nodes_trueleafs", "nodes_falseleafs",
)  # fmt: skip
_PER_LEAF = ("leaf_weights", "leaf_targetids")
_WHOLE = ("tree_roots", "aggregate_function", "post_transform", "n_targets")


@dataclass(frozen=True, slots=True)
class _Written:
    """The arrays of TreeEnsemble nodes in a file, those of several nodes one after another, as one node would have them."""

    roots: NDArray[np.int64]
    features: NDArray[np.int64]
    splits: NDArray[np.float64]
    modes: NDArray[np.uint8]
    flags: NDArray[np.int64]
    ids: tuple[NDArray[np.int64], NDArray[np.int64]]
    leafs: tuple[NDArray[np.int64], NDArray[np.int64]]
    weights: NDArray[np.float64]
    targets: NDArray[np.int64]
    sets: dict[int, NDArray[np.int64]]


def splits_certificate(
    at: str,
    nodes: Sequence[tuple[ir.Value, Trees]],
    rounded: Forward,
    claim: str,
) -> Certificate:
    """Every tree in the nodes is the fitted tree: same shape, features, missing sides, category sets and leaves, and each split
    falls between the same two float64 numbers.

    The split t of the model and the split s in the file agree on every x if rounded(s) <= t and rounded(next(s)) > t,
    because ``rounded`` never decreases.
    """
    named = [(str(node.name), trees) for node, trees in nodes]

    def verify(finished: FinishedGraph) -> Verdict:
        claimed = [(name, trees) for name, trees in named if finished.claimed(name)]
        checked, failures = 0, list[str]()
        for members in _chunks([item for item in claimed if item[0] in finished.nodes]):
            found = _as_written(finished, members, rounded)
            if found is not None:
                checked += found
                continue
            # Something is not as it was written: gone through tree by tree, to say what.
            for name, trees in members:
                verdict = _walked(finished, name, at, trees, rounded)
                checked += verdict.checked
                failures += verdict.failures
        lost = [name for name, _ in claimed if name not in finished.nodes]
        failures += [f"{at}: no node {name}; the node that holds the trees" for name in lost]
        return Verdict(checked, tuple(failures[:10]))

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


def _chunks(named: Sequence[tuple[str, Trees]]) -> Iterator[list[tuple[str, Trees]]]:
    """The nodes in groups of about ``CHUNK`` fitted nodes, so that many small ones are gone through at once in little memory."""
    members: list[tuple[str, Trees]] = []
    size = 0
    for item in named:
        if members and size + len(item[1].feature) > CHUNK:
            yield members
            members, size = [], 0
        members.append(item)
        size += len(item[1].feature)
    if members:
        yield members


def _as_written(finished: FinishedGraph, members: Sequence[tuple[str, Trees]], rounded: Forward) -> int | None:
    """How many facts hold, where nodes are numbered as ``tree_ensemble`` numbers them and all hold; None otherwise.

    Every split, child, leaf and root of the fitted trees is looked at, without walking: the numbering says where each must stand.
    """
    parts = [_read(finished, name, trees) for name, trees in members]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    trees = members[0][1] if len(members) == 1 else joined([some for _, some in members])
    written = known[0] if len(known) == 1 else _joined(known)
    nodes, node_number, leaf_number = numbering(trees)
    inner = trees.left >= 0
    lone = ~inner[nodes]
    at = np.flatnonzero(~lone)
    split = nodes[at]
    member = np.zeros(len(inner), bool)
    member[np.fromiter(trees.categories, np.int64, len(trees.categories))] = True
    categorical = member[split]
    t, s = trees.threshold[split[~categorical]], written.splits[at[~categorical]]
    with np.errstate(over="ignore"):
        decides = (rounded(s) <= t) & ((rounded(next_up(s)) > t) | np.isposinf(s))
    leaves = np.flatnonzero(~inner)
    holds = (
        np.array_equal(written.roots, node_number[trees.roots])
        and bool(decides.all())
        and np.array_equal(written.modes[at] == MEMBER, categorical)
        and bool((written.modes[at[~categorical]] == LEQ).all())
        and all(
            np.array_equal(written.sets.get(int(node_number[n]), ()), codes) for n, codes in trees.categories.items()
        )
        and np.array_equal(written.features[at], trees.feature[split])
        and np.array_equal(written.flags[at].astype(bool), trees.missing_left[split])
        and np.array_equal(written.weights.view(np.int64), trees.leaf[leaves].view(np.int64))
        and np.array_equal(written.targets, trees.target[leaves])
    )
    for side, children in enumerate((trees.left, trees.right)):
        child = np.where(lone, nodes, children[nodes])
        is_leaf = ~inner[child]
        holds = (
            holds
            and np.array_equal(written.leafs[side].astype(bool), is_leaf)
            and np.array_equal(written.ids[side], np.where(is_leaf, leaf_number[child], node_number[child]))
        )
    return 3 * len(split) + len(leaves) + int(lone.sum()) if holds else None


def _read(finished: FinishedGraph, name: str, trees: Trees) -> _Written | None:
    """A node's arrays; None if one is not there or not as long as the trees need it, or the node adds otherwise."""
    found = {key: finished.attribute(name, key) for key in (*_PER_NODE, *_PER_LEAF, *_WHOLE)}
    flags = finished.attribute(name, "nodes_missing_value_tracks_true")
    if any(value is None for value in found.values()):
        return None
    given = {key: value for key, value in found.items() if value is not None}
    inner = trees.left >= 0
    splits = int(inner.sum())
    nodes = splits + int((~inner[trees.roots]).sum())
    lengths = {**dict.fromkeys(_PER_NODE, nodes), **dict.fromkeys(_PER_LEAF, len(inner) - splits)}
    if any(given[key].size != length for key, length in lengths.items()) or (flags is not None and flags.size != nodes):
        return None
    sums = given["aggregate_function"] == 1 and given["post_transform"] == 0
    if not sums or given["n_targets"] <= trees.target.max(initial=0):
        return None
    return _Written(
        given["tree_roots"], given["nodes_featureids"], given["nodes_splits"], given["nodes_modes"],
        np.zeros(nodes, np.int64) if flags is None else flags,
        (given["nodes_truenodeids"], given["nodes_falsenodeids"]), (given["nodes_trueleafs"], given["nodes_falseleafs"]),
        given["leaf_weights"], given["leaf_targetids"], _sets(finished, name, given["nodes_modes"]),
    )  # fmt: skip


def _joined(parts: Sequence[_Written]) -> _Written:
    """Several nodes as one: the numbers of nodes and leaves move on by those before."""
    nodes = np.cumsum([0, *(len(part.features) for part in parts)])
    leaves = np.cumsum([0, *(len(part.weights) for part in parts)])

    def together(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    def pair(name: str, move: bool) -> Any:
        sides = []
        for side in (0, 1):
            arrays = []
            for part, node, leaf in zip(parts, nodes, leaves, strict=False):
                values = getattr(part, name)[side]
                arrays.append(values + np.where(part.leafs[side] != 0, leaf, node) if move else values)
            sides.append(np.concatenate(arrays))
        return tuple(sides)

    return _Written(
        np.concatenate([part.roots + node for part, node in zip(parts, nodes, strict=False)]),
        together("features"), together("splits"), together("modes"), together("flags"),
        pair("ids", True), pair("leafs", False), together("weights"), together("targets"),
        {int(node) + at: codes for part, node in zip(parts, nodes, strict=False) for at, codes in part.sets.items()},
    )  # fmt: skip


def _walked(
    finished: FinishedGraph,
    name: str,
    at: str,
    trees: Trees,
    rounded: Forward,
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
