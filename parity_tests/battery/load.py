"""Clients that ask all the time, and hold every answer to what the artifact that it names gives."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from samescore_runtime.model import load as load_model

ROWS = [{"price": 1.5, "size": 2.0}, {"price": -0.5, "size": 0.25}]
BODY = json.dumps({"rows": ROWS}).encode()


def expected(contents: Sequence[bytes]) -> dict[str, dict[str, Any]]:
    """Digest -> the outputs for :data:`ROWS`."""
    found = {}
    for content in contents:
        model = load_model(content)
        found[model.digest] = {name: array.tolist() for name, array in model.score_rows(ROWS).items()}
    return found


class Load(AbstractContextManager["Load"]):
    """Threads that score as long as the block lasts.

    Attributes:
        counts: ``good``, ``wrong`` (an answer that is not exactly what its digest gives), ``shed`` (503), ``status NNN``, ``broken``
            (a connection that ended without an answer), and with retries ``lost``: what was not answered within ``patience``.
        digests: how often each artifact answered.
    """

    def __init__(
        self, port: int, answers: Mapping[str, Mapping[str, Any]], clients: int = 4, retry: bool = True,
        patience: float = 20.0, pause: float = 0.0,
    ) -> None:  # fmt: skip
        self._port, self._answers, self._retry, self._patience, self._pause = port, answers, retry, patience, pause
        self.counts: Counter[str] = Counter()
        self.digests: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._lock, self._end = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(60)

    def _note(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def _run(self) -> None:
        connection = self._connect()
        while not self._end.is_set():
            started = time.perf_counter()
            deadline = time.monotonic() + self._patience
            while True:
                try:
                    outcome = self._ask(connection)
                except (OSError, http.client.HTTPException):
                    outcome = "broken"
                    connection.close()
                    connection = self._connect()
                self._note(outcome)
                if outcome in ("good", "wrong") or not self._retry:
                    break
                if time.monotonic() > deadline:
                    self._note("lost")
                    break
                time.sleep(0.02)
            with self._lock:
                self.seconds.append(time.perf_counter() - started)
            if self._pause:
                time.sleep(self._pause)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)

    def _ask(self, connection: http.client.HTTPConnection) -> str:
        connection.request("POST", "/models/churn/score", BODY, {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        if response.status == 503:
            return "shed"
        if response.status != 200:
            return f"status {response.status}"
        answer = json.loads(body)
        with self._lock:
            self.digests[answer["digest"]] += 1
        same = answer["outputs"] == self._answers.get(answer["digest"])
        return "good" if same and response.headers["X-Samescore-Digest"] == answer["digest"] else "wrong"

    def quantile(self, part: float) -> float:
        """Seconds within which that part of the requests was answered, retries included."""
        times = sorted(self.seconds)
        return times[min(len(times) - 1, int(part * len(times)))] if times else float("nan")
