"""Encoders of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from parity_tests.case import Case
from parity_tests.data import target


def _fitted(make: Callable[[], Any], labels: Callable[[], Any]) -> Callable[[], tuple[Any, Any]]:
    def build() -> tuple[Any, Any]:
        found = labels()
        return make().fit(found), found

    return build


def _lists() -> list[list[str]]:
    return [["x", "y"], ["z"], [], ["y", "x", "x"], ["w"]] * 20


def cases() -> Iterator[Case]:
    for kind in ("string", "int", "bool"):
        classes = 2 if kind == "bool" else 3
        labels = partial(target, classes, kind)
        yield Case(f"labels/LabelEncoder, {kind}", _fitted(LabelEncoder, labels), "bit-equal")
        yield Case(f"labels/LabelBinarizer, {kind}", _fitted(LabelBinarizer, labels), "bit-equal")
    signs = _fitted(lambda: LabelBinarizer(neg_label=-1), lambda: target(2))
    yield Case("labels/LabelBinarizer, two classes", signs, "bit-equal")
    yield Case("labels/MultiLabelBinarizer", _fitted(MultiLabelBinarizer, _lists), "bit-equal")
    sparse = _fitted(lambda: MultiLabelBinarizer(sparse_output=True), _lists)
    yield Case("labels/MultiLabelBinarizer, sparse", sparse, "bit-equal")
