"""``samescore codegen``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from samescore_runtime.artifact import read_artifact
from samescore_runtime.codegen.java import java_files
from samescore_runtime.codegen.typescript import typescript
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError
from samescore_runtime.json_schema import outputs_schema, row_schema


@click.command("codegen")
@click.argument("language", type=click.Choice(["java", "typescript", "json-schema"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--package", help="Java: the package.")
@click.option("--name", help="What the model is called in the code; the file's name if not given.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Java: the folder of sources, in which the package's folders are made. Else the file; standard output if not given.",
)
def codegen_command(language: str, file: Path, package: str | None, name: str | None, output: Path | None) -> int:
    """Write code that knows an artifact's columns and outputs.

    Java: a record for a row and one for its scores, and a scorer over the samescore client, in this JVM or over the network.
    TypeScript: the same types, and a function that asks a service. JSON Schema (2020-12): of a request's and an answer's body.

    \b
    Examples:
      samescore codegen java churn.onnx --package com.example.scores -o src/main/java
      samescore codegen typescript churn.onnx -o src/churn.ts
      samescore codegen json-schema churn.onnx
    """
    artifact = read_artifact(file)
    called = name or (file.parent.parent.name if file.name == "model.onnx" else file.stem) or "model"
    if language == "java":
        if package is None or output is None:
            lacking = " and ".join(
                option for option, given in (("--package", package), ("-o", output)) if given is None
            )
            raise InputError("codegen java", f"no {lacking}", "both: the package and the folder of sources")
        folder = output.joinpath(*package.split("."))
        files = java_files(artifact, package, called)
        folder.mkdir(parents=True, exist_ok=True)
        for title, source in files.items():
            (folder / title).write_text(source, encoding="utf-8")
            click.echo(f"samescore: wrote {folder / title}", err=True)
        return 0
    if package is not None:
        raise InputError("--package", f"a package for {language}", "a package for java alone")
    text = typescript(artifact, called) if language == "typescript" else _schema(artifact.contract, called)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"samescore: wrote {output}", err=True)
    return 0


def _schema(contract: Contract, name: str) -> str:
    companions = {output.index for output in contract.outputs}
    names = [output.name for output in contract.outputs if output.name not in companions]
    rows = {"type": "array", "items": {"$ref": "#/$defs/row"}, "minItems": 1}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{name}: the body of a request for scores",
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": rows},
        "$defs": {"row": row_schema(contract), "outputs": outputs_schema(contract, names)},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
