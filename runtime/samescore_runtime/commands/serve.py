"""``samescore serve``."""

from __future__ import annotations

from pathlib import Path

import click

from samescore_runtime.service.launch import serve
from samescore_runtime.service.limits import Limits

_DEFAULT = Limits()


@click.command("serve")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes that score.")
@click.option("--max-body-bytes", default=_DEFAULT.body_bytes, show_default=True, type=click.IntRange(min=1))
@click.option("--max-rows", default=_DEFAULT.rows, show_default=True, type=click.IntRange(min=1))
def serve_command(path: Path, host: str, port: int, workers: int, max_body_bytes: int, max_rows: int) -> int:
    """Serve artifacts over HTTP: rows of named columns, and the Open Inference Protocol V2.

    PATH is one .onnx file, or a folder of NAME.onnx and NAME/VERSION/model.onnx. Only artifacts that pass their
    self-check are served; if one fails, the service does not start. There is no access control: keep the default
    address, or put a proxy in front.

    \b
    Examples:
      samescore serve churn.onnx
      samescore serve models/ --port 9000 --workers 2
    """
    return serve(path, host, port, workers, Limits(max_body_bytes, max_rows))
