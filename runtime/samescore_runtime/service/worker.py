"""One process that scores: its models, what it counts and logs, and the thread that keeps house beside the requests."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.errors import SamescoreError
from samescore_runtime.monitor import metrics
from samescore_runtime.monitor.metrics import sample
from samescore_runtime.monitor.slots import DRAINING, Slots, resident_bytes
from samescore_runtime.service.access import Access, TokenFiles
from samescore_runtime.service.control import Control
from samescore_runtime.service.following import Follower
from samescore_runtime.service.journal import Journal
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.live import LiveHistograms
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.records import Answered
from samescore_runtime.service.scoring import Scored
from samescore_runtime.service.targets import Target, bucket, targets

_LOG = logging.getLogger(__name__)

#: Seconds between two rounds of the housekeeping, and requests that may wait for the shadow.
ROUND, SHADOWED = 0.2, 256
#: Rows of one round that the histograms look at: beyond 5,000 a second and process they are a sample of the traffic.
ROWS_A_ROUND = 1_000
OK = "200 OK"


class Worker:
    """The state of one process. Requests read it; it is changed by replacing references.

    Args:
        models: what to serve.
        slots: the shared numbers of all processes.
        follower: how models change while serving; None if they do not.
        control: which models were unloaded on request.
        common: a folder shared with the other processes.
    """

    def __init__(
        self,
        models: Models,
        limits: Limits | None = None,
        slots: Slots | None = None,
        follower: Follower | None = None,
        control: Control | None = None,
        token_files: TokenFiles | None = None,
        access_log: Journal | None = None,
        prediction_log: Journal | None = None,
        common: Path | None = None,
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self.slots = Slots() if slots is None else slots
        self.series = self.slots.claim()
        self.series.clear(metrics.is_gauge)
        self.follower = follower
        self.control = Control(None) if control is None else control
        self._token_files = TokenFiles() if token_files is None else token_files
        self._token_stamp = self._token_files.stamp()
        self.access: Access = self._token_files.read()
        self.access_log = access_log
        self.prediction_log = prediction_log
        self.histograms = LiveHistograms(common, self.series.number)
        #: As long as there are requests at work; adding to a list and taking from it cannot go wrong between threads.
        self.in_flight: list[None] = []
        #: Requests that were answered and not yet counted; a request only appends to it.
        self.answered: list[Answered] = []
        #: The time of day at which the clock of durations began; set anew each round, as the time of day may be corrected.
        self.epoch = time.time() - time.perf_counter()
        #: Rows that may still be kept for the histograms in this round.
        self.rows_left = ROWS_A_ROUND
        self._shadowing: deque[tuple[Served, Any, Mapping[str, NDArray[Any]]]] = deque(maxlen=SHADOWED)
        self.ids = count()
        # A process of its own in front, a counter behind: unique without asking the system for each.
        self.id_head = str(uuid.uuid4())[:24]
        self._house = threading.Lock()
        self.series.set("samescore_workers", 1)
        self.models = models
        self.targets: Mapping[str, Target] = {}
        self.adopt(models)

    def next_id(self) -> str:
        """A new id under which an answer can be found again."""
        return f"{self.id_head}{next(self.ids):012x}"

    def keeps(self, target: Target) -> bool:
        """Whether every request's rows and scores are needed after its answer, not just some for the histograms."""
        return self.prediction_log is not None or target.shadow is not None

    @property
    def draining(self) -> bool:
        return self.slots.flag(DRAINING)

    @property
    def ready(self) -> bool:
        return self.models.ready and not self.draining

    def adopt(self, models: Models) -> None:
        """Serve other models from the next request on. Requests in flight end with those they began with."""
        found = targets(models, self.series)
        self.series.clear(lambda name: name.startswith(("samescore_model_info", "samescore_model_loaded")))
        for entry in models.entries.values():
            for served in entry.versions.values():
                aliases = [alias for alias, version in entry.aliases.items() if version == served.version]
                labels = {
                    "model": served.name,
                    "version": served.version,
                    "digest": served.model.digest,
                    "alias": ",".join(sorted(aliases)),
                    "signed": str(served.signed).lower(),
                }
                self.series.set(sample("samescore_model_info", **labels), 1)
            self.series.set(sample("samescore_model_loaded_timestamp_seconds", model=entry.default.name), time.time())
        self.models, self.targets = models, found
        self.histograms.keep(models)

    def _account(self) -> None:
        """Count and log the requests that were answered since the last time."""
        # In two steps on the same list: a request may append at any moment.
        count = len(self.answered)
        records = self.answered[:count]
        del self.answered[:count]
        self.epoch = time.time() - time.perf_counter()
        self.rows_left = ROWS_A_ROUND
        values = self.series.values
        self.series.set("samescore_in_flight", len(self.in_flight))
        groups: dict[tuple[int, str], list[Answered]] = {}
        for record in records:
            groups.setdefault((id(record.target), record.status), []).append(record)
        for (_, status), group in groups.items():
            target = group[0].target
            tally = target.tally
            seconds = [record.seconds for record in group]
            values[tally.answers(status)] += len(group)
            tally.durations.observe(seconds)
            if status != OK:
                values[tally.failed] += sum(seconds)
                continue
            values[tally.rows] += sum([record.rows for record in group])
            values[tally.seconds] += sum([record.inference for record in group])
            values[tally.inferences] += len(group)
            values[tally.last] = group[-1].at
            for record in group:
                if record.scored is not None:
                    self._look_at(target, record.answer_id, record.scored)
        if self.access_log is not None:
            self.access_log.write(records)
        if self.prediction_log is not None:
            self.prediction_log.write([record for record in records if record.scored is not None])

    def _look_at(self, target: Target, answer_id: str, scored: Scored) -> None:
        self.histograms.add(target.served, scored)
        shadow = target.shadow
        if shadow is not None and bucket(f"shadow {target.served.name}", answer_id) < target.shadow_share:
            self._shadow(shadow, scored)

    def _shadow(self, shadow: Served, scored: Scored) -> None:
        if len(self._shadowing) == SHADOWED:
            self.series.add(sample("samescore_shadow_failures_total", model=shadow.name, version=shadow.version))
            return
        self._shadowing.append((shadow, scored.data, scored.outputs))

    def start(self, grace: float) -> None:
        """Begin the housekeeping in a thread of its own.

        Args:
            grace: seconds that this process has for what is in flight once the one that watches it is gone.
        """
        # Requests leave no cycles behind; the collector would only walk what waits to be counted.
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        threading.Thread(
            target=self._keep_house, args=(os.getppid(), grace), name="samescore-housekeeping", daemon=True
        ).start()

    def _keep_house(self, parent: int, grace: float) -> None:
        left = grace
        for number in count():
            time.sleep(ROUND)
            if os.getppid() != parent:
                left -= ROUND
                if left <= 0:
                    os._exit(1)
            try:
                self.flush()
                if number % 5 == 0 or self.control.changed():
                    self.follow()
            except Exception:
                _LOG.exception("a round of housekeeping failed")

    def flush(self) -> None:
        """Write what waits: logs, histograms, shadows."""
        with self._house:
            self._account()
            for name, journal in (("access", self.access_log), ("predictions", self.prediction_log)):
                if journal is not None:
                    self.series.set(sample("samescore_log_lost_total", log=name), journal.lost)
            self.histograms.flush()
            while self._shadowing:
                self._score_along(*self._shadowing.popleft())

    def _score_along(self, shadow: Served, data: Any, outputs: Mapping[str, NDArray[Any]]) -> None:
        labels = {"model": shadow.name, "version": shadow.version}
        try:
            others = shadow.model.score_rows(data) if isinstance(data, list) else shadow.model.score(data)
            name = next(iter(outputs))
            differ = different_rows(outputs[name], others[name])
        except (SamescoreError, KeyError):
            self.series.add(sample("samescore_shadow_failures_total", **labels))
            return
        self.series.add(sample("samescore_shadow_rows_total", **labels), len(differ))
        self.series.add(sample("samescore_shadow_disagreements_total", **labels), int(differ.sum()))

    def follow(self) -> None:
        """Take over what changed: models in the repository, tokens, and what was unloaded on request."""
        with self._house:
            self._follow_tokens()
            if self.follower is None:
                return
            asked = self.control.read()
            changed, refused = self.follower.follow(self.control.reloads(asked))
            for name in changed:
                self.series.add(sample("samescore_model_reloads_total", model=name))
            for name in refused:
                self.series.add(sample("samescore_model_reload_failures_total", model=name))
            if changed or asked.unloaded != self.follower.unloaded:
                self.follower.unloaded = asked.unloaded
                self.adopt(self.follower.models())
                # The models that were replaced are gone with their last request; their memory goes back to the system.
                release_memory()
            self.control.applied(self.series, asked)

    def _follow_tokens(self) -> None:
        stamp = self._token_files.stamp()
        if stamp == self._token_stamp:
            return
        self._token_stamp = stamp
        try:
            self.access = self._token_files.read()
        except SamescoreError as error:
            _LOG.error("the tokens stay as they were: %s", error)

    def numbers(self) -> dict[str, float]:
        """What all processes have counted, as one."""
        self.flush()
        self.series.set("samescore_worker_resident_bytes", resident_bytes())
        return {**metrics.gathered(self.slots.read()), **self.histograms.samples(self.models)}


def different_rows(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows of two outputs are not the same; outputs of different shapes differ in all."""
    if one.shape != other.shape:
        return np.ones(len(one), np.bool_)
    same: Any = np.asarray(one == other, np.bool_)
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        same = same | (np.isnan(one) & np.isnan(other))
    result: NDArray[np.bool_] = ~same.reshape(len(one), -1).all(axis=1)
    return result


def release_memory() -> None:
    """Collect garbage and hand freed memory back to the system."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
