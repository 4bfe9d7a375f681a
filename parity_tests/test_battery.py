"""The battery's quick trials, a few seconds each; ``make battery`` runs them all for longer."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from parity_tests.battery import bodies, probes, trials
from parity_tests.battery.__main__ import artifacts
from parity_tests.battery.load import Load
from parity_tests.battery.trials import Outcome, Stand
from parity_tests.services import running


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path, artifacts(tmp_path))


QUICK: dict[str, Callable[[Stand], Outcome]] = {
    "flips": partial(trials.flips, seconds=4),
    "corruptions": partial(trials.corruptions, count=4),
    "kills": partial(trials.kills, seconds=5),
    "ending": trials.ending,
    "overload": partial(trials.overload, seconds=3),
    "malformed": trials.malformed,
    "probes": trials.raw_probes,
    "instances": partial(trials.two_instances, seconds=4),
}


@pytest.mark.parametrize("name", QUICK)
def test_trials(stand: Stand, name: str) -> None:
    outcome = QUICK[name](stand)
    assert outcome.passed, outcome.figures


def test_generated_requests(stand: Stand) -> None:
    if not trials._SCHEMATHESIS.exists() and os.environ.get("CI") != "true":
        pytest.skip("no environment of schemathesis: make clients")
    outcome = trials.generated(stand, 20)
    assert outcome.passed, outcome.figures


def test_the_corpora_are_of_their_sizes() -> None:
    assert len({(name, way) for name, way, _, _ in bodies.malformed()}) >= 120
    assert len(probes.REFUSED) >= 30


def test_a_load_notices_wrong_answers(stand: Stand) -> None:
    """The battery itself: answers that are not the artifact's are told."""
    wrong = {digest: {"predict": ["yes", "yes", "yes"]} for digest in stand.answers}
    port = trials.free_port()
    with running(stand.root, port, "--workers", "1"), Load(port, wrong, clients=1, retry=False) as load:
        assert trials.wait_for(lambda: load.counts["wrong"] > 10, 10)
    assert set(load.counts) == {"wrong"}
