"""The parity suite under pytest: every case exports, reaches its class, and gives the same scores in Python and over HTTP.

A seeded sample of the cases by default, all with SAMESCORE_FULL=1; ``make test-full`` compares more rows of each. The JVM's column is made by
``python -m parity_tests.report``, which ``make test`` runs as well, with every case.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from parity_tests.backends import score_http, score_plain, score_runtime
from parity_tests.exclusions import EXCLUSIONS
from parity_tests.prepared import prepare
from parity_tests.report import Cell, Line, failures, judge, main
from parity_tests.zoo import CASES
from samescore_export import ExportError, ProofError

FULL = os.environ.get("SAMESCORE_FULL") == "1"
IDS = sorted(CASES) if FULL else sorted(random.Random(0).sample(sorted(CASES), 40))


@pytest.mark.parametrize("case_id", IDS)
def test_a_case_reaches_its_class_and_is_the_same_everywhere(case_id: str, tmp_path: Path) -> None:
    if case_id in EXCLUSIONS:
        pytest.skip(EXCLUSIONS[case_id])
    prepared = prepare(case_id, tmp_path)
    assert prepared.reached, {name: output.sameness for name, output in prepared.outputs.items()}
    for score in (score_runtime, score_plain):
        cell = judge(prepared, score([prepared], tmp_path)[case_id])
        assert cell.standing in ("bit-equal", "within"), cell.text


def test_one_service_gives_the_same_over_http(tmp_path: Path) -> None:
    families = {case_id.partition("/")[0]: case_id for case_id in sorted(CASES) if not case_id.startswith("scenario")}
    prepared = [prepare(case_id, tmp_path) for case_id in families.values()]
    found = score_http(prepared, tmp_path)
    cells = {item.case_id: judge(item, found[item.case_id]) for item in prepared}
    assert {case_id: cell.text for case_id, cell in cells.items() if cell.standing == "differs"} == {}


def _passes(case_id: str, folder: Path) -> bool:
    try:
        return prepare(case_id, folder).reached
    except (ExportError, ProofError):
        return False


def test_every_exclusion_still_fails(tmp_path: Path) -> None:
    assert [case_id for case_id in EXCLUSIONS if _passes(case_id, tmp_path)] == [], "take them out of exclusions.py"


def test_every_exclusion_names_a_case() -> None:
    assert set(EXCLUSIONS) <= set(CASES)


def test_a_case_that_is_less_the_same_than_it_asks_fails_the_report() -> None:
    same = Cell("bit-equal", "bit-equal")
    line = Line("tree/x", "bit-equal (expected proven)", 10, {"runtime": same}, reached=False)
    assert failures([line]) == ["tree/x: bit-equal (expected proven)"]
    assert failures([replace(line, reached=True)]) == []


def test_the_report_says_what_it_cannot_find(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["-o", "nowhere", "--only", "no such case"])
    assert caught.value.code == 2
    assert "names no case" in capsys.readouterr().err
