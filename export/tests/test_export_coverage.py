"""The coverage page is what the registry says."""

import pytest

from tools.coverage_page import PAGE, lines


def test_the_page_is_current_and_lacks_no_estimator():
    if PAGE.read_text() != "\n".join(lines()) + "\n":
        pytest.fail("docs/coverage.md is stale; python -m tools.coverage_page")
