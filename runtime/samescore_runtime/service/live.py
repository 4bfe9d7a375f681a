"""The live histograms of all processes: each adds up its own in a file, and whoever is asked adds those up."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.monitor.drift import Drift, Histograms, bins, distance, expected
from samescore_runtime.monitor.metrics import sample
from samescore_runtime.packing import Tensors
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.scoring import Scored


class LiveHistograms:
    """Args:
    folder: shared by the service's processes; None where there is one alone.
    slot: the number of this process. Its files are taken over by the next process in that slot.
    """

    def __init__(self, folder: Path | None, slot: int) -> None:
        self._folder = folder
        self._slot = slot
        self._waiting: list[tuple[Served, Scored]] = []
        self._own: dict[str, Histograms] = {}
        self._unwritten: set[str] = set()
        self._due = 0.0

    def add(self, served: Served, scored: Scored) -> None:
        """Remember a request until the next :meth:`flush`."""
        self._waiting.append((served, scored))

    def keep(self, models: Models) -> None:
        """Forget versions that are no longer served."""
        digests = {served.model.digest for entry in models.entries.values() for served in entry.versions.values()}
        for digest in set(self._own) - digests:
            del self._own[digest]

    def flush(self) -> None:
        """Count what waits."""
        count = len(self._waiting)
        taken = self._waiting[:count]
        del self._waiting[:count]
        batches: dict[str, list[tuple[Tensors, Mapping[str, NDArray[Any]]]]] = {}
        by_digest: dict[str, Served] = {}
        for served, scored in taken:
            batches.setdefault(served.model.digest, []).append((scored.tensors, scored.outputs))
            by_digest[served.model.digest] = served
        for digest, found in batches.items():
            histograms = self._of(by_digest[digest])
            if histograms is not None:
                histograms.add(found)
                self._unwritten.add(digest)
        # The disk is not worth more than a second's delay.
        if self._unwritten and time.monotonic() >= self._due:
            for digest in self._unwritten & self._own.keys():
                self._write(digest, self._own[digest])
            self._unwritten.clear()
            self._due = time.monotonic() + 1.0

    def _of(self, served: Served) -> Histograms | None:
        digest, profile = served.model.digest, served.model.artifact.profile
        if digest not in self._own and profile is not None:
            histograms = Histograms(served.model.contract, profile)
            _take_over(histograms, self._read(digest, self._slot))
            self._own[digest] = histograms
        return self._own.get(digest)

    def _write(self, digest: str, histograms: Histograms) -> None:
        if self._folder is None:
            return
        counts = {name: values.tolist() for name, values in histograms.counts.items()}
        path = self._folder / f"{digest}.{self._slot}.live"
        beside = path.with_suffix(".new")
        # A reader never sees half of it; that it survives a power cut is not needed.
        beside.write_text(json.dumps({"rows": histograms.rows, "counts": counts}))
        beside.rename(path)

    def _read(self, digest: str, slot: int) -> Mapping[str, Any] | None:
        if self._folder is None:
            return None
        try:
            data: Mapping[str, Any] = json.loads((self._folder / f"{digest}.{slot}.live").read_text())
        except FileNotFoundError:
            return None
        return data

    def total(self, served: Served) -> Histograms | None:
        """The histograms of one version over all processes."""
        profile = served.model.artifact.profile
        if profile is None:
            return None
        total = Histograms(served.model.contract, profile)
        own = self._own.get(served.model.digest)
        if own is not None:
            _take_over(total, {"rows": own.rows, "counts": own.counts})
        if self._folder is not None:
            for file in self._folder.glob(f"{served.model.digest}.*.live"):
                slot = int(file.name.split(".")[1])
                if slot != self._slot or own is None:
                    _take_over(total, self._read(served.model.digest, slot))
        return total

    def samples(self, models: Models) -> dict[str, float]:
        """The metrics of drift, for every version that has a profile and traffic."""
        found: dict[str, float] = {}
        for entry in models.entries.values():
            for served in entry.versions.values():
                total = self.total(served)
                if total is None or total.rows == 0:
                    continue
                labels = {"model": served.name, "version": served.version}
                found[sample("samescore_profile_rows_total", **labels)] = total.rows
                for name, counts in total.counts.items():
                    column = {**labels, "column": name}
                    for bin_name, value in zip(bins(total.entries[name]), counts.tolist(), strict=True):
                        found[sample("samescore_profile_values_total", **column, bin=bin_name)] = value
                    drift: Drift = distance(expected(total.entries[name]), counts)
                    found[sample("samescore_drift_psi", **column)] = drift.psi
                    found[sample("samescore_drift_noise", **column)] = drift.noise
        return found


def _take_over(histograms: Histograms, data: Mapping[str, Any] | None) -> None:
    if data is None:
        return
    histograms.rows += data["rows"]
    for name, counts in data["counts"].items():
        if name in histograms.counts and len(counts) == len(histograms.counts[name]):
            histograms.counts[name] += np.asarray(counts, np.int64)
