"""The dashboard and the alert rules use metrics and labels that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from samescore_runtime.monitor.metrics import METRICS
from samescore_runtime.repository import operations
from samescore_runtime.service.app import create_app
from samescore_runtime.service.following import Follower
from samescore_runtime.service.worker import Worker
from samescore_runtime.signatures import Trust

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
RULES: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


def samples() -> set[str]:
    """The names of all samples that there can be."""
    found = set()
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        found |= {metric.name + suffix for suffix in suffixes}
    return found


def test_every_metric_that_is_used_exists() -> None:
    used = {name for text in expressions() for name in re.findall(r"\bsamescore_[a-z_]+", text)}
    assert len(used) > 15
    assert used <= samples()


def test_every_metric_but_helpers_is_shown() -> None:
    used = " ".join(expressions())
    shown = {metric.name for metric in METRICS if re.search(rf"\b{metric.name}", used)}
    assert {metric.name for metric in METRICS} - shown <= {
        "samescore_failed_seconds_total",
        "samescore_last_inference_timestamp_seconds",
        "samescore_profile_rows_total",
    }


def test_every_label_that_is_used_exists(tmp_path: Path, classifier: Any) -> None:
    """Held against the page of a service that has done everything once."""
    (tmp_path / "new.onnx").write_bytes(classifier.build(profile=PROFILE))
    root, common = tmp_path / "models", tmp_path / "common"
    common.mkdir()
    for _ in range(2):
        version = operations.publish(root, "m", tmp_path / "new.onnx", lambda content, signature: None, "me")
    for alias in ("champion", "challenger"):
        operations.promote(root, "m", version, alias, "me")
    operations.divert(root, "m", "shadow", "challenger", 100, "me")
    follower = Follower(root, Trust(), common)
    worker = Worker(follower.start(), follower=follower, common=common)
    client = create_app(worker).test_client()
    client.post("/models/m/score", json={"rows": [{"price": 1, "size": 2}]})
    page = client.get("/metrics").text
    labels: dict[str, set[str]] = {}
    for name, inside in re.findall(r"^(samescore_\w+)\{(.*)\} ", page, re.M):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', inside))
    from_prometheus = {"instance", "job"}
    for text in expressions():
        for name, inside in re.findall(r"(samescore_\w+)\{([^}]*)\}", text):
            if name in labels:
                assert set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", inside)) <= labels[name] | from_prometheus, text
        names = [name for name in re.findall(r"samescore_\w+", text) if name in labels]
        if names:
            known = set.union(*(labels[name] for name in names)) | from_prometheus
            for group in re.findall(r"by \(([^)]*)\)", text):
                assert {label.strip() for label in group.split(",")} <= known, text


PROFILE = {
    "format": 1,
    "rows": 100,
    "columns": {"price": {"kind": "numeric", "missing": 10, "edges": [0.0, 1.0], "counts": [30, 30, 30]}},
    "outputs": {},
}
