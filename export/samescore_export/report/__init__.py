"""Reports of a proof: a page for people, a summary for a job, JUnit XML for CI, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

from samescore_export.proof import Proof
from samescore_export.report.content import describe
from samescore_export.report.junit import junit_xml
from samescore_export.report.page import html_page, markdown_page
from samescore_runtime.artifact import Artifact

__all__ = ["write_report"]


def write_report(proof: Proof, artifact: Artifact, folder: Path, name: str) -> None:
    """Write report.html, report.md, report.xml and report.json into a folder, which is made if need be.

    ``name`` is what the artifact is called on them.

    The same proof gives the same bytes: there is no clock in a report.
    """
    content = describe(proof, artifact, name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(html_page(content), encoding="utf-8")
    (folder / "report.md").write_text(markdown_page(content), encoding="utf-8")
    (folder / "report.xml").write_text(junit_xml(content), encoding="utf-8")
    machine = {**proof.to_json(), "digest": artifact.digest, "failures": list(proof.failures)}
    (folder / "report.json").write_text(json.dumps(machine, indent=1, sort_keys=True) + "\n", encoding="utf-8")
