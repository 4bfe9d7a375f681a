"""The coverage page lists every estimator of the installed scikit-learn, and each has a case or a reason."""

from pathlib import Path

import samescore_export
from samescore_export.lowering import TABLES
from tools.coverage_page import PAGE, REFUSED, estimators


def test_the_page_lists_every_estimator():
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    listed = {cells[2].strip(): cells[3].strip() for cells in rows}
    assert [name for _, name, _ in estimators() if name not in listed] == [], "make coverage"
    untested = [name for _, name, _ in estimators() if listed[name] in ("", "0") and name not in REFUSED]
    assert untested == [], "each needs a case in parity_tests/zoo"


def test_every_estimator_has_a_lowering():
    known = {kind for table in TABLES for kind in table}
    assert [name for _, name, kind in estimators() if kind not in known] == []


def test_operations_import_no_lowering():
    folder = Path(samescore_export.__file__).parent / "operations"
    assert [path.name for path in folder.glob("*.py") if "samescore_export.lowering" in path.read_text()] == []
