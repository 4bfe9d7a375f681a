"""The server: granian, one blocking thread per process, on Flask's application."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from samescore_runtime.artifact import read_artifact
from samescore_runtime.errors import InputError, SamescoreError
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.places import Place, find


def serve(path: Path, host: str, port: int, workers: int, limits: Limits) -> int:
    """Serve the artifacts at a path until SIGTERM or SIGINT; requests in flight are finished.

    This process only watches the workers: it reads the files to refuse bad ones early, and loads no model.

    Returns:
        0 after a stop that was asked for, 1 if a worker failed, for one because of a self-check.

    Raises:
        InputError, ArtifactError: nothing to serve, or a file that must not be served.
    """
    places = find(path)
    for place in places:
        read_artifact(place.path)
    try:
        run(places, host, port, workers, limits)
    except SystemExit as error:
        return 1 if error.code else 0
    except OSError as error:
        raise InputError(f"{host}:{port}", (error.strerror or "unusable").lower(), "a free address") from error
    return 0


def run(places: Sequence[Place], host: str, port: int, workers: int, limits: Limits) -> None:
    """Start granian and block; exits with SystemExit if a worker ends by itself."""
    # numpy's BLAS would start a thread per core for nothing; and a process is forked with one thread only.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if workers > 1:
        # Imported here and frozen, so that forked workers share these pages and the collector leaves them alone. One worker
        # has nobody to share with: this process then stays small, and saves 10 MB.
        import_module("samescore_runtime.service.app")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "samescore",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # Scoring holds the interpreter; a second thread in a process only makes each request wait for the other.
        blocking_threads=1,
        backpressure=1024,
        websockets=False,
        log_level=LogLevels.warning,
    )
    for place in places:
        print(f"samescore: {place.name} version {place.version}", file=sys.stderr)
    print(f"samescore: listening on http://{host}:{port}", file=sys.stderr, flush=True)
    gc.collect()
    gc.freeze()
    server.serve(target_loader=partial(_load, tuple(places), limits), wrap_loader=False)


def _load(places: tuple[Place, ...], limits: Limits) -> Any:
    """The application, in a worker: its models are loaded and self-checked before it takes a request."""
    from samescore_runtime.service.app import create_app
    from samescore_runtime.service.models import load_models

    # A forked worker inherits the watching process's handler, which only sets a flag there: a SIGTERM that came while the models
    # load would be lost, and the stop would wait for ever. granian (2.8.7) sets the worker's own handler after this function.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    try:
        app = create_app(load_models(places), limits)
    except SamescoreError as error:
        print(f"samescore: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    _give_back_memory()
    return app


def _give_back_memory() -> None:
    """Hand the memory that starting up used back to the system; it would be kept for as long as the service runs.

    Freed memory is glibc's to give back. The libraries' machine code that only ran at the start (20 MB, mostly onnxruntime's registration of
    operators) is a file's, unchanged: what is needed again is there at the next touch.
    """
    gc.collect()
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    trim = getattr(libc, "malloc_trim", None)
    if trim is not None:
        trim(0)
    dont_need = 4
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *rest = line.split()
        # Code alone: a library's read-only data may have been written to when it was loaded.
        if rights == "r-xp" and rest[-1].startswith("/"):
            start, end = (int(address, 16) for address in span.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), dont_need)


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM if the watching process is killed: a worker alone would hold the port for ever."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
