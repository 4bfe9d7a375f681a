"""Where scoring requests go: an exact path to what scores it, how, and what is counted for it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from samescore_runtime.monitor.metrics import Durations, sample
from samescore_runtime.monitor.slots import Series
from samescore_runtime.score_json import dumps
from samescore_runtime.service.bodies import JSON_TYPES, TENSOR_TYPES
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Entry, Models, Served
from samescore_runtime.service.scoring import Scored, score
from samescore_runtime.service.v2_infer import infer

Score = Callable[[Served, bytes, Mapping[str, Any], Limits, str], Scored]


class Tally:
    """The counters of one version in one role, found once."""

    def __init__(self, series: Series, served: Served, role: str) -> None:
        self._series = series
        self._labels = {
            "model": served.name,
            "version": served.version,
            "digest": served.model.digest[:12],
            "role": role,
        }
        by_version = {"model": served.name, "version": served.version}
        self.durations = Durations(series, "samescore_request_duration_seconds", **by_version)
        self.rows, self.seconds, self.inferences, self.failed, self.last = (
            series.index(sample(name, **by_version))
            for name in (
                "samescore_rows_total",
                "samescore_inference_seconds_total",
                "samescore_inferences_total",
                "samescore_failed_seconds_total",
                "samescore_last_inference_timestamp_seconds",
            )
        )
        self._answers: dict[str, int] = {}

    def answers(self, status: str) -> int:
        """The place of the number of answers with a status such as ``200 OK``."""
        place = self._answers.get(status)
        if place is None:
            place = self._series.index(sample("samescore_requests_total", **self._labels, code=status[:3]))
            self._answers[status] = place
        return place


@dataclass(slots=True)
class Target:
    """What answers the requests to one path.

    Attributes:
        other: the target of the split, and ``share`` of 10,000 requests that go there.
        shadow: who scores ``shadow_share`` of 10,000 requests along.
        header: which every answer has.
        logged: the end of a line of the access log.
    """

    path: str
    served: Served
    role: str
    score: Score
    types: frozenset[str]
    tally: Tally
    header: tuple[str, str]
    logged: str
    other: Target | None = None
    share: int = 0
    shadow: Served | None = None
    shadow_share: int = 0

    def chosen(self, key: str) -> Target:
        """This target or the split's other one; always the same for the same key."""
        if self.other is not None and bucket(self.served.name, key) < self.share:
            return self.other
        return self


def bucket(name: str, key: str) -> int:
    """0 to 9,999, evenly over keys, and independent between models."""
    # CRC-32 alone is linear: keys that differ in a counter would not spread. Multiplying by an odd constant mixes them.
    return ((zlib.crc32(f"{name}\0{key}".encode()) * 2654435761) % 2**32) * 10_000 >> 32


_WAYS: tuple[tuple[str, Score, frozenset[str]], ...] = (
    ("/models/{}/score", score, JSON_TYPES),
    ("/v2/models/{}/infer", infer, TENSOR_TYPES),
)


def targets(models: Models, series: Series) -> dict[str, Target]:
    """Every scoring path of a snapshot."""
    found: dict[str, Target] = {}
    for name, entry in models.entries.items():
        make = _Maker(series)
        for pattern, way, types in _WAYS:
            path = pattern.format(name)
            found[path] = _diverted(entry, partial(make, path, way, types))
        for version in (*entry.versions, *entry.aliases):
            named = entry.find(version)
            if named is not None:
                path = f"/v2/models/{name}/versions/{version}/infer"
                found[path] = make(path, infer, TENSOR_TYPES, named, version)
    return found


class _Maker:
    """Makes the targets of one model; those of the same version and role share their counters."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._tallies: dict[tuple[str, str], Tally] = {}

    def __call__(self, path: str, way: Score, types: frozenset[str], served: Served, role: str) -> Target:
        key = (served.version, role)
        if key not in self._tallies:
            self._tallies[key] = Tally(self._series, served, role)
        version, digest = served.version, served.model.digest
        logged = {
            "method": "POST",
            "path": path,
            "model": served.name,
            "version": version,
            "digest": digest,
            "role": role,
        }
        header = ("X-Samescore-Digest", digest)
        return Target(path, served, role, way, types, self._tallies[key], header, dumps(logged)[1:].decode())


def _diverted(entry: Entry, make: Callable[[Served, str], Target]) -> Target:
    target = make(entry.default, "default")
    if entry.split is not None and (other := entry.find(entry.split.alias)) is not None:
        target.other = make(other, entry.split.alias)
        target.share = round(entry.split.percent * 100)
    if entry.shadow is not None:
        target.shadow = entry.find(entry.shadow.alias)
        target.shadow_share = round(entry.shadow.percent * 100)
    return target
