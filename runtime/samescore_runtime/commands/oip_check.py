"""``samescore oip-check``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from samescore_runtime.conformance import report
from samescore_runtime.conformance.server import Server
from samescore_runtime.errors import InputError


@click.command("oip-check")
@click.argument("url")
@click.option("--model", help="The model to ask; the first that the server lists.")
@click.option(
    "--request",
    "request_file",
    type=click.Path(path_type=Path),
    help="JSON body for infer that the model accepts; zeros by default.",
)
@click.option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Sent with every request, such as Authorization."
)
@click.option("--strict", is_flag=True, help="Fail also for what only clients in use rely on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write a JUnit report.")
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for each answer.",
)
def oip_check_command(
    url: str,
    model: str | None,
    request_file: Path | None,
    headers: tuple[str, ...],
    strict: bool,
    as_json: bool,
    junit: Path | None,
    timeout: float,
) -> int:
    """Check whether a server keeps the Open Inference Protocol V2: any server, seen from outside.

    Scores the model a few dozen times; loads and unloads nothing. Exit code 0 if the server keeps the protocol and the
    extensions that it offers, 1 if not, 2 if it cannot be reached.

    \b
    Examples:
      samescore oip-check http://localhost:8080
      samescore oip-check http://localhost:8000 --model iris --request body.json --junit oip.xml
    """
    server = Server(url.rstrip("/"), model, _request(request_file), dict(map(_header, headers)), timeout)
    findings = report.examine(server, None if as_json else lambda finding: click.echo(report.line(finding)))
    if junit is not None:
        junit.write_bytes(report.junit(url, findings))
    bad = report.bad(findings, strict)
    if as_json:
        click.echo(json.dumps(report.as_json(url, findings, strict)))
    else:
        run = sum(finding.result != "not run" for finding in findings)
        passed = sum(finding.result == "passed" for finding in findings)
        click.echo(f"{passed} of {run} passed, {len(findings) - run} not run: {'BAD' if bad else 'good'}")
    return 1 if bad else 0


def _request(file: Path | None) -> dict[str, object] | None:
    if file is None:
        return None
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(str(file), "unreadable", "a file with a JSON body for infer") from error
    if not isinstance(found, dict) or not found.get("inputs"):
        raise InputError(str(file), "no inputs", "a JSON body for infer")
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise InputError("--header", repr(text), "NAME:VALUE")
    return name.strip(), value.strip()
