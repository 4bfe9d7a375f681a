"""The pytest plugin: the fixture ``same_scores`` and the option ``--samescore-report``.

Imported by every pytest run in the environment, so it imports the exporter only when a test asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to pytest."""
    parser.getgroup("samescore").addoption(
        "--samescore-report",
        metavar="DIR",
        default=None,
        help="write the report of every proof that the fixture same_scores makes into DIR/TEST",
    )


@pytest.fixture
def same_scores(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``same_scores(model, X, ...)``: :func:`samescore_export.testing.assert_same_scores`, reporting where the option says."""
    from samescore_export.testing import assert_same_scores

    folder = request.config.getoption("--samescore-report")

    def check(model: Any, X: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if folder is not None:
            options.setdefault("report", Path(folder) / re.sub(r"\W+", "-", request.node.name).strip("-"))
        return assert_same_scores(model, X, **options)

    return check
