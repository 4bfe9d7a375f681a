"""Scoring an artifact under another onnxruntime: in a process of another Python, which needs numpy and onnxruntime alone."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.arrays import decode_array, encode_array
from samescore_runtime.errors import InputError

#: Run by the other Python: reads the request from a file, writes the answer beside it.
_SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[2])
import onnxruntime
from samescore_runtime.arrays import decode_array, encode_array
request = json.load(open(sys.argv[1]))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
feed = {name: decode_array(array) for name, array in request["feed"].items()}
names = request["outputs"]
outputs = {name: encode_array(array) for name, array in zip(names, session.run(names, feed))}
json.dump({"version": onnxruntime.__version__, "outputs": outputs}, open(sys.argv[1] + ".answer", "w"))
"""


def score_under(
    python: Path, model: Path, feed: Mapping[str, NDArray[Any]], outputs: list[str]
) -> tuple[str, dict[str, NDArray[Any]]]:
    """The version of onnxruntime that ``python`` has, and the outputs it computes.

    Raises:
        InputError: a Python that cannot be run, or has no onnxruntime.
    """
    import samescore_runtime

    parent = str(Path(samescore_runtime.__file__).resolve().parent.parent)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        arrays = {name: encode_array(np.asarray(array)) for name, array in feed.items()}
        path.write_text(json.dumps({"model": str(model.resolve()), "feed": arrays, "outputs": outputs}))
        try:
            done = subprocess.run(
                [str(python), "-c", _SCRIPT, str(path), parent], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise InputError("--with-python", f"{python} ({error.strerror})", "a Python with onnxruntime") from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise InputError("--with-python", f"{python} ({reason})", "a Python with numpy and onnxruntime")
        answer = json.loads(Path(f"{path}.answer").read_text())
    return answer["version"], {name: decode_array(array) for name, array in answer["outputs"].items()}
