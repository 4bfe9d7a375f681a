"""Running the checks, and telling what was found as a table, JSON and JUnit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from xml.etree import ElementTree

from samescore_runtime.conformance.checks import CHECKS, Check
from samescore_runtime.conformance.server import NotRunError, Server, ViolationError


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; ``reason`` in words, empty for one that passed."""

    check: str
    level: str
    result: Literal["passed", "failed", "not run"]
    reason: str


def examine(server: Server, told: Callable[[Finding], None] | None = None) -> list[Finding]:
    """Run every check; ``told`` hears of each at once.

    Raises:
        InputError: the server cannot be reached.
    """
    server.ask("GET", "/v2/health/live")
    findings = []
    for check in CHECKS:
        finding = _examine(check, server)
        findings.append(finding)
        if told is not None:
            told(finding)
    return findings


def _examine(check: Check, server: Server) -> Finding:
    if check.extension is not None and check.extension not in server.extensions:
        return Finding(check.name, check.level, "not run", f"the server does not offer {check.extension}")
    try:
        check.run(server)
    except ViolationError as error:
        return Finding(check.name, check.level, "failed", str(error))
    except NotRunError as error:
        return Finding(check.name, check.level, "not run", str(error))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        # The answer has not the form that the check reads: that is a finding, too.
        return Finding(
            check.name, check.level, "failed", f"an answer of another form ({type(error).__name__}: {error})"
        )
    return Finding(check.name, check.level, "passed", "")


def bad(findings: Sequence[Finding], strict: bool) -> list[Finding]:
    """The findings that make the server fail: without ``strict`` those of the protocol alone, not of clients."""
    return [one for one in findings if one.result == "failed" and (strict or one.level != "client")]


def line(finding: Finding) -> str:
    """A line of the table."""
    return f"{finding.result:<8} {finding.level:<9} {finding.check:<38} {finding.reason}".rstrip()


def as_json(url: str, findings: Sequence[Finding], strict: bool) -> dict[str, Any]:
    """Everything, for machines."""
    return {"url": url, "passed": not bad(findings, strict), "checks": [asdict(finding) for finding in findings]}


def junit(url: str, findings: Sequence[Finding]) -> bytes:
    """A JUnit report: a test case a check."""
    count = {result: sum(one.result == result for one in findings) for result in ("failed", "not run")}
    suite = ElementTree.Element(
        "testsuite",
        name=f"oip-check {url}",
        tests=str(len(findings)),
        failures=str(count["failed"]),
        skipped=str(count["not run"]),
    )
    for finding in findings:
        case = ElementTree.SubElement(suite, "testcase", classname=f"oip.{finding.level}", name=finding.check)
        if finding.result != "passed":
            ElementTree.SubElement(case, "failure" if finding.result == "failed" else "skipped", message=finding.reason)
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))
