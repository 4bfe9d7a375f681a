"""The metrics of the service: what there is, and their text form for Prometheus.

A number is kept under its sample's full name, labels included, so that writing the text is joining what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samescore_runtime.monitor.slots import Series

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Upper bounds of the buckets of durations, in seconds; the last one has none.
BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BOUNDS = (*(f"{bound:g}" for bound in BUCKETS), "+Inf")


@dataclass(frozen=True, slots=True)
class Metric:
    """``gather`` says how the numbers of several processes become one."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    gather: Literal["sum", "max"] = "sum"


METRICS = (
    Metric("samescore_requests_total", "counter", "Requests answered, by model, version, role and HTTP status."),
    Metric("samescore_request_duration_seconds", "histogram", "Time from the request's turn to its answer."),
    Metric("samescore_inference_seconds_total", "counter", "Time spent in the model itself."),
    Metric("samescore_inferences_total", "counter", "Calls of the model."),
    Metric("samescore_failed_seconds_total", "counter", "Time spent on scoring requests that were refused or failed."),
    Metric("samescore_rows_total", "counter", "Rows scored."),
    Metric("samescore_in_flight", "gauge", "Requests being answered."),
    Metric("samescore_shed_total", "counter", "Requests answered 503 for lack of room, by reason."),
    Metric("samescore_last_inference_timestamp_seconds", "gauge", "When the model last scored.", "max"),
    Metric("samescore_model_info", "gauge", "1 for each version that is loaded.", "max"),
    Metric("samescore_model_loaded_timestamp_seconds", "gauge", "When the model's current version was loaded.", "max"),
    Metric("samescore_model_reloads_total", "counter", "Changes of a model that a process has followed."),
    Metric("samescore_model_reload_failures_total", "counter", "Changes refused: what was served before is kept."),
    Metric("samescore_shadow_rows_total", "counter", "Rows that the shadow scored along."),
    Metric("samescore_shadow_disagreements_total", "counter", "Rows to which the shadow's first output is another."),
    Metric("samescore_shadow_failures_total", "counter", "Requests that the shadow refused or was too slow for."),
    Metric("samescore_log_lost_total", "counter", "Lines of a log that could not be written, by log."),
    Metric("samescore_worker_resident_bytes", "gauge", "Memory of all processes that score."),
    Metric("samescore_workers", "gauge", "Processes that score."),
    Metric("samescore_profile_rows_total", "counter", "Rows compared with the profile."),
    Metric("samescore_profile_values_total", "counter", "Values by bin of the profile; the bin is its upper bound, value, other or missing."),
    Metric("samescore_drift_psi", "gauge", "Population stability index against the profile, since the version was loaded.", "max"),
    Metric("samescore_drift_noise", "gauge", "The index that as many rows of the profile itself would have by chance.", "max"),
)  # fmt: skip
_KNOWN: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
_GAUGES = tuple(metric.name for metric in METRICS if metric.kind == "gauge")


def sample(name: str, **labels: str) -> str:
    """The full name of a sample."""
    if not labels:
        return name
    shown = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{name}{{{shown}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def is_gauge(name: str) -> bool:
    """Whether a sample tells how something is now, not how often it was."""
    return name.startswith(_GAUGES)


class Durations:
    """A histogram of seconds: buckets, their sum and their number, in consecutive places."""

    def __init__(self, series: Series, name: str, **labels: str) -> None:
        buckets = [sample(f"{name}_bucket", **labels, le=bound) for bound in _BOUNDS]
        self._first = series.run([sample(f"{name}_sum", **labels), sample(f"{name}_count", **labels), *buckets])
        self._values = series.values

    def observe(self, seconds: Sequence[float]) -> None:
        """Count durations; many at once cost little more than one."""
        values, first = self._values, self._first
        values[first] += sum(seconds)
        values[first + 1] += len(seconds)
        for bucket, number in enumerate(
            np.bincount(np.searchsorted(BUCKETS, seconds, side="left")).tolist(), first + 2
        ):
            if number:
                values[bucket] += number


def gathered(slots: Iterable[tuple[bool, Mapping[str, float]]]) -> dict[str, float]:
    """The numbers of several processes as one; of those that ended, what they have counted, but not how they were."""
    total: dict[str, float] = {}
    for lives, numbers in slots:
        for name, value in numbers.items():
            if not lives and is_gauge(name):
                continue
            metric = _KNOWN.get(name.partition("{")[0])
            if metric is not None and metric.gather == "max":
                total[name] = max(total.get(name, 0.0), value)
            else:
                total[name] = total.get(name, 0.0) + value
    return total


def text(numbers: Mapping[str, float]) -> bytes:
    """The page that Prometheus reads; buckets become cumulative here."""
    lines: dict[str, list[str]] = {metric.name: [] for metric in METRICS}
    running: dict[str, float] = {}
    for name, value in numbers.items():
        base, _, labels = name.partition("{")
        family = base if base in _KNOWN else base.rpartition("_")[0]
        if family not in lines:
            continue
        if base.endswith("_bucket"):
            of = labels.rpartition("le=")[0]
            running[f"{family}{of}"] = value = running.get(f"{family}{of}", 0.0) + value
        # A gauge at 0 that names a version is one that is no longer loaded.
        if value == 0.0 and labels and _KNOWN[family].kind == "gauge":
            continue
        lines[family].append(f"{name} {_number(float(value))}")
    page = []
    for metric in METRICS:
        if lines[metric.name]:
            page += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}", *lines[metric.name]]
    return ("\n".join(page) + "\n").encode()


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
