"""Writing the artifact: the graph, its evidence as metadata, the checksum last."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx

from samescore_runtime.integrity import INTEGRITY_KEY, read


def artifact_bytes(model: onnx.ModelProto, entries: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The finished file: ``entries`` (``contract``, ``golden``, ...) as metadata in key order, and the integrity entry."""
    metadata = onnx.ModelProto()
    for name in sorted(entries):
        _add(metadata, f"samescore.{name}", entries[name])
    graph = onnx.ModelProto()
    # Everything but the metadata, which are the last of the message's fields: a message's fields may be written one after another.
    if model.metadata_props:
        graph.CopyFrom(model)
        del graph.metadata_props[:]
    else:
        graph = model
    written = graph.SerializeToString(deterministic=True)
    # The sum does not cover its own entry, so it can be taken before that is there.
    checksum, _ = read(written + metadata.SerializeToString(deterministic=True))
    _add(metadata, INTEGRITY_KEY, {"format": 1, "sha256": checksum})
    return bytes(written + metadata.SerializeToString(deterministic=True))


def _add(proto: onnx.ModelProto, key: str, value: Mapping[str, Any]) -> None:
    # ASCII, because the JVM binding reads metadata as modified UTF-8; NaN is no JSON and must not get in.
    proto.metadata_props.add(
        key=key, value=json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by the content, or leave it as it was: never half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; an artifact is as readable as any new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
