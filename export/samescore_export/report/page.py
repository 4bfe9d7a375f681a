"""The report as HTML and as Markdown, from templates beside this module."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from samescore_export.report.content import Content, counted

#: The templates beside this module.
TEMPLATES = Environment(
    loader=PackageLoader("samescore_export.report", "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters["counted"] = counted


def html_page(content: Content) -> str:
    """One self-contained page: no script, no resource from elsewhere."""
    return TEMPLATES.get_template("report.html").render(report=content)


def markdown_page(content: Content) -> str:
    """A summary for a job's page."""
    return TEMPLATES.get_template("report.md").render(report=content)
