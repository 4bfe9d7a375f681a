"""Encoders of labels: a list or an array of labels is the only column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from samescore_export import ExportError, export, export_proven
from samescore_runtime import ContractError, InputError, load

LABELS = [
    np.array(["a", "b", "c"] * 20),
    np.array(["no", "yes"] * 20),
    np.array([3, 5, 9] * 20),
    np.array([1.0, 2.0, 7.0] * 20),
    np.array([True, False] * 20),
    pd.Series(["a", "b", "c"] * 20),
]
LISTS = [["x", "y"], ["z"], [], ["y", "x", "x"]] * 10


def proven(model, rows):
    assert not export_proven(model, rows, budget=150).proof.failures


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: str(labels.dtype))
def test_one_label_a_row(labels):
    proven(LabelEncoder().fit(labels), labels)
    proven(LabelBinarizer().fit(labels), labels)
    proven(LabelBinarizer(neg_label=-1, pos_label=2).fit(labels), labels)


def test_several_labels_a_row():
    for options in ({}, {"sparse_output": True}, {"classes": ["z", "x", "y"]}):
        proven(MultiLabelBinarizer(**options).fit(LISTS), LISTS)


def test_the_file_takes_what_the_encoder_takes(tmp_path):
    export(LabelEncoder().fit(LABELS[0]), LABELS[0], tmp_path / "labels.onnx")
    model = load(tmp_path / "labels.onnx")
    assert model.score(["c", "a"])["transform"].tolist() == [2, 0]
    with pytest.raises(ContractError):
        model.score(["d"])


def test_labels_that_have_no_type_of_their_own_are_refused():
    with pytest.raises(InputError, match="lists of strings"):
        export_proven(MultiLabelBinarizer().fit([[1, 2], [3]]), [[1, 2], [3]])
    with pytest.raises(ExportError, match="several columns"):
        export_proven(LabelBinarizer().fit(np.eye(3, dtype=int)), ["a"])


def test_an_array_of_one_column_holds_labels():
    column = np.array([3, 1, 2, 3, 7] * 8).reshape(-1, 1)
    model = LabelBinarizer().fit(column.ravel())
    exported = export_proven(model, column, methods=["transform"], budget=100)
    assert not exported.proof.failures
    assert np.array_equal(load(exported.artifact.content).score(column)["transform"], model.transform(column))
