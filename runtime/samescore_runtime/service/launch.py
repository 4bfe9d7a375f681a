"""The server: granian, on Flask's application."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from samescore_runtime.artifact import read_artifact, read_content
from samescore_runtime.errors import InputError, SamescoreError
from samescore_runtime.monitor.slots import DRAINING, FAILED, STARTED, Slots
from samescore_runtime.service.options import Options
from samescore_runtime.service.plan import Wanted, plan
from samescore_runtime.signatures import beside

#: Seconds that a process waits before it ends after it could not start, so that replacing it is no busy loop.
PAUSE = 1.0


def serve(path: Path, options: Options) -> int:
    """Serve the artifacts at a path until SIGTERM or SIGINT; requests in flight are finished.

    This process only watches the workers: it reads the files to refuse bad ones early, and loads no model.

    Returns:
        0 after a stop that was asked for, 1 if no worker could start, for one because of a self-check.

    Raises:
        InputError, ArtifactError: nothing to serve, or a file that must not be served.
    """
    wanted = plan(path)
    for model in wanted.values():
        for file in model.files.values():
            name, content = read_content(Path(file))
            options.trust.check(name, content, beside(Path(file)))
            read_artifact(file)
    options.tokens.read()
    options = replace(options, port=free_port(options.host, options.port))
    slots = Slots(options.workers + 1)
    common = Path(tempfile.mkdtemp(prefix="samescore-"))
    try:
        run(path, wanted, options, slots, common)
    except SystemExit as error:
        return 1 if error.code else 0
    except OSError as error:
        place = f"{options.host}:{options.port}"
        raise InputError(place, (error.strerror or "unusable").lower(), "a free address") from error
    finally:
        shutil.rmtree(common, ignore_errors=True)
    return 1 if slots.flag(FAILED) else 0


def free_port(host: str, port: int) -> int:
    """The port itself, or any free one for 0. Workers share a port by SO_REUSEPORT, and would share it with another service, too.

    Raises:
        InputError: somebody else listens there, or it is no address of this machine.
    """
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        raise InputError(f"{host}:{port}", (error.strerror or "unusable").lower(), "a free address") from error


def run(path: Path, wanted: dict[str, Wanted], options: Options, slots: Slots, common: Path) -> None:
    """Start granian and block; exits with SystemExit if it fails."""
    # numpy's BLAS would start a thread per core for nothing; and a process is forked with one thread only.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if options.workers > 1:
        # Imported here and frozen, so that forked workers share these pages and the collector leaves them alone. One worker
        # has nobody to share with: this process then stays small, and saves 10 MB.
        import_module("samescore_runtime.service.app")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "samescore",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        # A thread waits while its client sends the body, so there may be one for every connection; they are started as they are needed.
        blocking_threads=options.threads or options.connections,
        backpressure=options.connections,
        websockets=False,
        # It warns of the number of threads, which is meant.
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        # A client that never sends the rest of its body would keep the service from ending.
        workers_kill_timeout=options.grace,
    )
    # granian (2.8.7) gives up when a worker ends twice within seconds. A worker that was killed is replaced as often as it takes;
    # one that cannot even start ends the service by FAILED, below.
    server.respawned_wrks = _Forgetful()
    server.on_startup(partial(_drain_on_sigterm, server, slots, options.drain))
    for model in wanted.values():
        print(f"samescore: {model.name} version {model.default}", file=sys.stderr)
    print(f"samescore: listening on http://{options.host}:{options.port}", file=sys.stderr, flush=True)
    gc.collect()
    gc.freeze()
    server.serve(target_loader=partial(_load, path, options, slots, common), wrap_loader=False)


class _Forgetful(dict[int, float]):
    """When which worker was replaced, for a server that is not to remember."""

    def __setitem__(self, key: int, value: float) -> None:
        """Not kept."""


def _drain_on_sigterm(server: Any, slots: Slots, seconds: float) -> None:
    """From SIGTERM on the service is not ready; ``seconds`` later it takes no more requests. A second signal does not wait."""

    def stop(*_: Any) -> None:
        if slots.flag(DRAINING) or not seconds or slots.flag(FAILED):
            slots.raise_flag(DRAINING)
            server.signal_handler_interrupt()
            return
        slots.raise_flag(DRAINING)
        timer = threading.Timer(seconds, server.signal_handler_interrupt)
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, stop)


def _load(path: Path, options: Options, slots: Slots, common: Path) -> Any:
    """The application, in a worker: its models are loaded and self-checked before it takes a request."""
    # A forked worker inherits the watching process's handler, which only sets a flag there: a SIGTERM that came while the models
    # load would be lost, and the stop would wait for ever. granian (2.8.7) sets the worker's own handler after this function.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    try:
        app, flush = _application(path, options, slots, common)
    except (SamescoreError, OSError) as error:
        print(f"samescore: {error}", file=sys.stderr, flush=True)
        if slots.flag(STARTED):
            time.sleep(PAUSE)
        else:
            slots.raise_flag(FAILED)
            os.kill(os.getppid(), signal.SIGTERM)
        os._exit(1)
    slots.raise_flag(STARTED)
    _flush_at_end(flush)
    _give_back_memory()
    return app


def _application(path: Path, options: Options, slots: Slots, common: Path) -> tuple[Any, Callable[[], None]]:
    from samescore_runtime.service.app import create_app
    from samescore_runtime.service.control import Control
    from samescore_runtime.service.following import Follower
    from samescore_runtime.service.journal import (
        Journal,
        PlainFile,
        RotatedFiles,
        access_lines,
        prediction_lines,
        to_stdout,
    )
    from samescore_runtime.service.overflow import shed_overflow
    from samescore_runtime.service.worker import Worker

    follower = Follower(path, options.trust, common)
    models = follower.start()
    access = None
    if options.access_log is not None:
        sink = to_stdout if options.access_log == "-" else PlainFile(Path(options.access_log))
        access = Journal(sink, access_lines)
    worker = Worker(
        models,
        options.limits,
        slots,
        follower,
        Control(common),
        options.tokens,
        access,
        common=common,
    )
    if options.prediction_log is not None:
        log = options.prediction_log
        worker.prediction_log = Journal(RotatedFiles(log, worker.series.number), prediction_lines(log.redacted))
    worker.follow()
    worker.start(options.grace)
    shed_overflow(worker.series, options.port)
    return create_app(worker), worker.flush


def _flush_at_end(flush: Callable[[], None]) -> None:
    """Write what waits in the logs when the process ends in good order."""
    from multiprocessing import util

    util.Finalize(None, flush, exitpriority=10)


def _give_back_memory() -> None:
    """Hand the memory that starting up used back to the system; it would be kept for as long as the service runs.

    Freed memory is glibc's to give back. The libraries' machine code that only ran at the start (20 MB, mostly onnxruntime's registration of
    operators) is a file's, unchanged: what is needed again is there at the next touch.
    """
    from samescore_runtime.service.worker import release_memory

    release_memory()
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
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
