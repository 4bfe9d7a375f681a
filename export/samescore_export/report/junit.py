"""JUnit XML: a test case per output and per certificate, for CI systems to show."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from samescore_export.report.content import Content


def junit_xml(content: Content) -> str:
    """The report as one JUnit test suite."""
    suite = ET.Element("testsuite", name=f"samescore {content.name}")
    failed = 0
    for output in content.outputs:
        case = ET.SubElement(suite, "testcase", classname="outputs", name=f"{output.name}: {output.sameness}")
        mine = [line for line in content.failures if line.startswith(f"{output.name}: ")]
        failed += _fail(case, mine)
    for certificate in content.certificates:
        name = f"{certificate['at']}: {certificate['kind']} ({certificate['checked']} facts)"
        case = ET.SubElement(suite, "testcase", classname="certificates", name=name)
        failed += _fail(case, list(certificate["failures"]))
    suite.set("tests", str(len(content.outputs) + len(content.certificates)))
    suite.set("failures", str(failed))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _fail(case: ET.Element, lines: list[str]) -> int:
    if not lines:
        return 0
    # XML 1.0 knows no control characters; a probe may hold any.
    text = "\n".join("".join(c if c >= " " or c in "\n\t" else f"\\x{ord(c):02x}" for c in line) for line in lines)
    ET.SubElement(case, "failure", message=text.splitlines()[0]).text = text
    return 1
