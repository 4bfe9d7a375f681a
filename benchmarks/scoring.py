"""Scoring and exporting: samescore, scikit-learn with n_jobs=1, and skl2onnx as most people call it."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.interleaved import medians
from samescore_export import export_proven
from samescore_runtime import Model
from samescore_runtime.frames import encode_frame

#: What was timed, rows, and median seconds by contender.
Row = tuple[str, int, dict[str, float]]


def plain_session(content: bytes) -> Any:
    """A session with one thread, as samescore opens it, for the other graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _models() -> Iterator[tuple[str, Any, Any]]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 20))
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=5000) > 0).astype(int)
    yield "RandomForest(100), deep", RandomForestClassifier(100, random_state=0).fit(X, y), X
    yield "GradientBoosting(100)", GradientBoostingRegressor(random_state=0).fit(X, X[:, 0] * X[:, 1]), X


def arrays() -> Iterator[Row]:
    """Models over arrays, from one row to ten thousand."""
    for name, model, X in _models():
        ours = Model(export_proven(model, X[:500]).artifact)
        theirs = plain_session(to_onnx(model, X[:1].astype(np.float32), options=_no_zipmap(model)).SerializeToString())
        compiled = compiled_to_c(model) if "GradientBoosting" in name else None
        for rows in (1, 100, 10_000):
            data = np.resize(X, (rows, X.shape[1]))
            feed = encode_frame(ours.contract, data)
            small = {"X": data.astype(np.float32)}
            contenders = {
                "samescore": lambda ours=ours, feed=feed: ours.run(feed),
                "scikit-learn": _method(model, data),
                "skl2onnx": lambda theirs=theirs, small=small: theirs.run(None, small),
            }
            if rows == 10_000 and "Forest" in name:
                halves = [encode_frame(ours.contract, half) for half in np.split(data, 2)]
                contenders["two callers"] = lambda ours=ours, halves=halves: _together(ours, halves)
            if compiled is not None:
                contenders["tl2cgen"] = lambda compiled=compiled, data=data: compiled(data)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = medians(contenders, rounds=30 if rows < 10_000 else 7, repeat=50 if rows == 1 else 1)
            yield name, rows, found


def _together(model: Model, feeds: list[Any]) -> None:
    """A batch split over two calling threads; onnxruntime releases the interpreter's lock."""
    list(_CALLERS.map(model.run, feeds))


_CALLERS = ThreadPoolExecutor(2)


def compiled_to_c(model: Any) -> Callable[[Any], object] | None:
    """The model compiled to C by treelite and tl2cgen; None where they are not installed. Its sums are in another order."""
    try:
        import tl2cgen
        import treelite
    except ImportError:
        return None
    library = Path(tempfile.mkdtemp()) / "model.so"
    tl2cgen.export_lib(treelite.sklearn.import_model(model), toolchain="gcc", libpath=library)
    predictor = tl2cgen.Predictor(library, nthread=1)
    return lambda data: predictor.predict(tl2cgen.DMatrix(data, dtype="float64"))


def _method(model: Any, data: Any) -> Callable[[], object]:
    return lambda: (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(data)


def _no_zipmap(model: Any) -> dict[Any, Any] | None:
    return {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None


def mixed_columns() -> Iterator[Row]:
    """20 numbers and 10 categories into a LogisticRegression: one input a dtype against one input a column."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=3000) for i in range(20)})
    for i in range(10):
        frame[f"c{i}"] = rng.choice(list("abcdefgh"), 3000).astype(object)
    numbers, strings = [f"n{i}" for i in range(20)], [f"c{i}" for i in range(10)]
    columns = ColumnTransformer(
        [("n", StandardScaler(), numbers), ("c", OneHotEncoder(handle_unknown="ignore", sparse_output=False), strings)]
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(frame, frame["n0"] > 0)
    ours = Model(export_proven(model, frame[:500]).artifact)
    types = [(name, FloatTensorType([None, 1])) for name in numbers] + [
        (name, StringTensorType([None, 1])) for name in strings
    ]
    theirs = plain_session(
        to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}}).SerializeToString()
    )
    for rows in (1, 1000):
        part = frame[:rows]
        feed = encode_frame(ours.contract, part)
        small = {name: part[[name]].to_numpy(np.float32) for name in numbers}
        small |= {name: part[[name]].to_numpy() for name in strings}
        found = medians(
            {
                "samescore": lambda feed=feed: ours.run(feed),
                "scikit-learn": lambda part=part: model.predict_proba(part),
                "skl2onnx": lambda small=small: theirs.run(None, small),
            },
            rounds=30,
            repeat=20 if rows == 1 else 1,
        )
        yield "20 numbers + 10 categories, LogisticRegression", rows, found


def exports() -> Iterator[tuple[str, float, float, int, int]]:
    """Exporting with proof against skl2onnx's conversion: name, seconds and bytes of each."""
    for name, model, X in _models():
        start = time.perf_counter()
        ours = export_proven(model, X[:500]).artifact
        middle = time.perf_counter()
        theirs = to_onnx(model, X[:1].astype(np.float32), options=_no_zipmap(model)).SerializeToString()
        yield name, middle - start, time.perf_counter() - middle, len(ours.content), len(theirs)
