"""``samescore serve``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from samescore_runtime import signatures
from samescore_runtime.service.access import TokenFiles
from samescore_runtime.service.launch import serve
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.options import Options, PredictionLog, processors

_LIMITS, _LOG = Limits(), PredictionLog(Path())
_PATH = click.Path(path_type=Path)
_POSITIVE = click.IntRange(min=1)


class _Workers(click.ParamType[int]):
    """A number of processes, or ``auto``."""

    name = "N|auto"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return processors()
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal() and int(value) > 0):
            return int(value)
        return self.fail(f"{value!r} is neither a positive number nor auto", param, ctx)


@click.command("serve")
@click.argument("path", type=_PATH)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option(
    "--workers",
    default="auto",
    show_default=True,
    type=_Workers(),
    help="Processes that score; auto: as many as there are processors to use.",
)
@click.option(
    "--max-connections",
    default=1024,
    show_default=True,
    type=_POSITIVE,
    help="Open at once in each process; more get 503.",
)
@click.option(
    "--threads",
    type=_POSITIVE,
    show_default="one a connection",
    help="Of each process; 1 behind a proxy that buffers requests.",
)
@click.option(
    "--drain",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds from not being ready to the end of taking requests, after SIGTERM.",
)
@click.option(
    "--grace",
    default=Options().grace,
    show_default=True,
    type=_POSITIVE,
    help="Seconds after that for what is in flight.",
)
@click.option(
    "--max-body-bytes",
    default=_LIMITS.body_bytes,
    show_default=True,
    type=_POSITIVE,
    help="Also of a body that was compressed.",
)
@click.option("--max-rows", default=_LIMITS.rows, show_default=True, type=_POSITIVE)
@click.option("--max-string-length", default=_LIMITS.string_length, show_default=True, type=_POSITIVE)
@click.option("--max-nesting", default=_LIMITS.nesting, show_default=True, type=click.IntRange(min=8))
@click.option(
    "--tokens",
    type=_PATH,
    help="File with one or two bearer tokens, one a line; read anew when it changes. Or SAMESCORE_TOKENS.",
)
@click.option("--admin-tokens", type=_PATH, help="File with tokens that may also load and unload models.")
@click.option("--public-key", "keys", multiple=True, type=_PATH, help="Keys that signatures are held against.")
@click.option("--require-signature", is_flag=True, help="Serve only artifacts signed by one of the keys.")
@click.option("--access-log", help="A file, or - for standard output: one JSON line a request, without payload.")
@click.option("--prediction-log", type=_PATH, help="A folder: the rows and scores of every request.")
@click.option("--redact", multiple=True, metavar="COLUMN", help="A column that the prediction log leaves out.")
@click.option("--prediction-log-bytes", default=_LOG.file_bytes, show_default=True, type=_POSITIVE, help="Of one file.")
@click.option("--prediction-log-files", default=_LOG.files, show_default=True, type=_POSITIVE, help="That are kept.")
@click.option(
    "--prediction-log-days",
    default=_LOG.days,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="That they are kept.",
)
def serve_command(
    path: Path,
    host: str,
    port: int,
    workers: int,
    max_connections: int,
    threads: int | None,
    drain: float,
    grace: int,
    max_body_bytes: int,
    max_rows: int,
    max_string_length: int,
    max_nesting: int,
    tokens: Path | None,
    admin_tokens: Path | None,
    keys: tuple[Path, ...],
    require_signature: bool,
    access_log: str | None,
    prediction_log: Path | None,
    redact: tuple[str, ...],
    prediction_log_bytes: int,
    prediction_log_files: int,
    prediction_log_days: float,
) -> int:
    """Serve artifacts over HTTP: rows of named columns, and the Open Inference Protocol V2.

    PATH is one .onnx file, a folder of NAME.onnx, or a repository, whose aliases are followed. Only artifacts that pass their
    self-check are served; if one fails at the start, the service does not start; later, what was served before stays.

    \b
    Examples:
      samescore serve churn.onnx
      samescore serve models/ --port 9000 --workers 2
      samescore serve models/ --tokens tokens.txt --access-log -
    """
    kept = None
    if prediction_log is not None:
        kept = PredictionLog(prediction_log, redact, prediction_log_bytes, prediction_log_files, prediction_log_days)
    options = Options(
        host=host,
        port=port,
        workers=workers,
        connections=max_connections,
        threads=threads,
        drain=drain,
        grace=grace,
        limits=Limits(max_body_bytes, max_rows, max_string_length, max_nesting),
        tokens=TokenFiles(tokens, admin_tokens, os.environ.pop("SAMESCORE_TOKENS", None)),
        trust=signatures.trust(keys, require_signature),
        access_log=access_log,
        prediction_log=kept,
    )
    return serve(path, options)
