"""Progress: a bar on a terminal, lines elsewhere; the stages are those that an export goes through."""

import io

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder

from samescore_export import export
from samescore_export.progress import STAGES, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_lines_where_there_is_no_terminal():
    stream = io.StringIO()
    progress = Progress(stream)
    progress("compile")
    progress.close()
    assert stream.getvalue() == "compile ...\n"


def test_a_bar_on_a_terminal_that_is_gone_at_the_end():
    stream = Terminal()
    progress = Progress(stream)
    for stage in STAGES:
        progress(stage)
    progress.close()
    lines = stream.getvalue().split("\r")
    assert lines[1].startswith("[........................] load (0 s)")
    assert "#" * 21 in lines[-3]
    assert lines[-2].strip() == ""


def test_an_export_goes_through_the_stages_in_order(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 2))
    seen = []
    export(Ridge().fit(X, X[:, 0]), X, tmp_path / "m.onnx", report=tmp_path / "report", budget=50, progress=seen.append)
    # A command loads the model before; a model over numbers alone has no categories to go through.
    assert seen == [stage for stage in STAGES if stage not in ("load", "prove: every category")]


def test_categories_are_a_stage_of_their_own():
    rows = pd.DataFrame({"kind": ["x", "y", "z"] * 5})
    seen = []
    export(OneHotEncoder(sparse_output=False).fit(rows), rows, budget=50, progress=seen.append)
    assert seen == [stage for stage in STAGES if stage not in ("load", "report")]
