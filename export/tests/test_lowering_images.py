"""Images: arrays of more than two axes, and patches, several rows for one."""

import csv
import json

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler

from samescore_export import ExportError, export, export_proven
from samescore_export.difference import differences
from samescore_export.sample import read_sample
from samescore_runtime import load
from samescore_runtime.batch.inputs import find_input
from samescore_runtime.batch.run import score_file
from samescore_runtime.errors import InputError

#: What ``numpy.reshape`` calls the shape: another word before NumPy 2.1.
RESHAPE = "shape" if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else "newshape"

RNG = np.random.default_rng(0)
GREY, COLOUR = RNG.normal(size=(12, 6, 5)), RNG.normal(size=(12, 6, 5, 3))


def scored(model, X, method="transform"):
    loaded = load(export(model, X, methods=[method]).content)
    scores = loaded.score(X)[method]
    np.testing.assert_array_equal(scores, getattr(model, method)(X))
    # A batch in parts, put together again, is the same.
    parts = np.concatenate([loaded.score(part)[method] for part in (X[:5], X[5:6], X[6:6], X[6:])])
    np.testing.assert_array_equal(parts, scores)
    return loaded, scores


@pytest.mark.parametrize(
    "X",
    [GREY, COLOUR, COLOUR[..., :1], GREY.astype(np.float32), (9 * COLOUR).astype(np.uint8), GREY > 0],
    ids=["grey", "colour", "one channel", "float32", "whole", "bool"],
)
def test_patches(X):
    loaded, scores = scored(PatchExtractor(patch_size=(2, 3)).fit(X), X)
    assert scores.dtype == np.float64
    output = loaded.contract.output_named("transform")
    assert (output.each, loaded.contract.row_shape) == (15, X.shape[1:])
    assert loaded.score(X[:0])["transform"].shape == (0, *scores.shape[1:])
    last = ",".join(str(size - 1) for size in X.shape[1:])
    assert loaded.contract.columns[-1].name == f"x[{last}]"


def test_patches_clustered():
    flat = GREY.reshape(12, 30)
    steps = [
        FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, 6, 5)}),
        PatchExtractor(patch_size=(3, 3)),
        FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, 9)}),
        StandardScaler(),
        KMeans(3, n_init=1, random_state=0),
    ]
    model = make_pipeline(*steps).fit(flat)
    exported = export_proven(model, flat, ["predict", "transform"])
    assert not exported.proof.failures
    labels = load(exported.artifact.content).score(flat)["predict"]
    np.testing.assert_array_equal(labels, model.predict(flat))


def test_rows_and_tables(tmp_path):
    model = PatchExtractor(patch_size=(5, 5)).fit(GREY)
    loaded = load(export(model, GREY, tmp_path / "m.onnx").content)
    names = [column.name for column in loaded.contract.columns]
    rows = [dict(zip(names, row, strict=True)) for row in GREY.reshape(12, -1).tolist()]
    np.testing.assert_array_equal(loaded.score(rows)["transform"], model.transform(GREY))
    (tmp_path / "X.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert score_file(tmp_path / "m.onnx", find_input(tmp_path / "X.jsonl"), str(tmp_path / "y.jsonl"), [], 5) == 12
    lines = [json.loads(line)["transform"] for line in (tmp_path / "y.jsonl").read_text().splitlines()]
    np.testing.assert_array_equal(np.array(lines).reshape(-1, 5, 5), model.transform(GREY))
    score_file(tmp_path / "m.onnx", find_input(tmp_path / "X.jsonl"), str(tmp_path / "y.csv"), [], 5)
    header, *table = list(csv.reader((tmp_path / "y.csv").read_text().splitlines()))
    assert (len(header), len(table)) == (50, 12)
    np.testing.assert_array_equal(np.array(table, float).reshape(-1, 5, 5), model.transform(GREY))


def test_arrays_of_other_shapes_are_refused():
    loaded = load(export(PatchExtractor(patch_size=(2, 2)).fit(GREY), GREY).content)
    for X in (GREY.reshape(12, 30), GREY[:, :5], COLOUR, GREY.transpose(0, 2, 1)):
        with pytest.raises(InputError, match=r"array: the shape .*; \(rows, 6, 5\)"):
            loaded.score(X)


@pytest.mark.parametrize(
    ("model", "X", "named"),
    [
        (PatchExtractor(patch_size=(2, 2), max_patches=3), GREY, r"max_patches=3\): positions drawn"),
        (PatchExtractor(patch_size=(6, 5), max_patches=0.5), GREY, "no patch of one"),
        (PatchExtractor(), GREY, r"patches of \(0, 0\)"),
        (PatchExtractor(patch_size=(2, 2)), GREY.reshape(12, 30), "no images"),
        (PatchExtractor(patch_size=(40, 40)), RNG.normal(size=(2, 120, 120)), "elements of patches"),
        (PatchExtractor(patch_size=(2, 2)), RNG.normal(size=(2, 200, 200)), "at most 16384"),
    ],
)
def test_refusals(model, X, named):
    with pytest.raises((ExportError, InputError), match=named):
        export(model.fit(X), X)


def test_the_one_patch_there_is_may_be_drawn():
    scored(PatchExtractor(patch_size=(6, 5), max_patches=4, random_state=0).fit(COLOUR), COLOUR)


def test_several_rows_behind_an_inexact_decision_are_refused():
    flat = GREY.reshape(12, 30)
    bins = make_pipeline(StandardScaler(), FunctionTransformer(np.arctan), KBinsDiscretizer(3, encode="ordinal"))
    model = make_pipeline(bins, FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, 15)})).fit(flat)
    with pytest.raises(ExportError, match="decision between inexact numbers"):
        export(model, flat)


def test_differences_are_told_by_row():
    old = PatchExtractor(patch_size=(2, 2)).fit(GREY).transform(GREY)
    new = old.copy()
    new[20 * 3 + 7] += 1.0
    (found,) = differences({"transform": old}, {"transform": new}, read_sample(GREY))
    assert (found.rows, found.changed, found.worst[0].row) == (12, 1, 3)
