"""The records of a row and of its scores in Java."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samescore_runtime.codegen.java_language import java_string, javadoc
from samescore_runtime.contract import Column, Contract, Output

_PLAIN: Mapping[str, str] = {
    "float64": "double",
    "float32": "double",
    "int64": "long",
    "bool": "boolean",
    "string": "String",
    "datetime": "Instant",
    "list<string>": "List<String>",
}
_BOXED = {"double": "Double", "long": "Long", "boolean": "Boolean"}
#: Output type -> the element's Java type, and the method of Scores that gives a column and a table of it.
OUTPUTS: Mapping[str, tuple[str, str, str]] = {
    "float64": ("double", "doubles", "matrix"),
    "float32": ("double", "doubles", "matrix"),
    "int64": ("long", "longs", "longMatrix"),
    "bool": ("boolean", "booleans", ""),
    "string": ("String", "strings", "stringMatrix"),
}


def row_record(contract: Contract, model: str, columns: Mapping[str, str]) -> str:
    fields = ",\n".join(f"        {_type(column)} {columns[column.name]}" for column in contract.columns)
    told = "\n".join(f" * @param {columns[column.name]} {_told(column)}" for column in contract.columns)
    sets = "\n".join(
        f"                .set({java_string(column.name)}, {columns[column.name]})"
        for column in contract.columns
        if not column.optional
    )
    maybe = "\n".join(
        f"        if ({columns[column.name]} != null) {{\n            row.set({java_string(column.name)}, {columns[column.name]});\n        }}"
        for column in contract.columns
        if column.optional
    )
    optional = f"\n{maybe}" if maybe else ""
    return f"""
import io.samescore.Row;
{_imports(contract)}
/**
 * A row for {model}Scorer.
 *
{told}
 */
public record {model}Row(
{fields}) {{
    /**
     * The row by column name.
     *
     * @return a row for any scorer of the model
     */
    public Row toRow() {{
        Row row = new Row(){chr(10) + sets if sets else ""};{optional}
        return row;
    }}
}}
"""


def _imports(contract: Contract) -> str:
    needed = {"datetime": "java.time.Instant", "list<string>": "java.util.List"}
    found = sorted({needed[column.type] for column in contract.columns if column.type in needed})
    return "".join(f"import {name};\n" for name in found)


def _type(column: Column) -> str:
    plain = _PLAIN[column.type]
    return _BOXED.get(plain, plain) if column.nullable or column.optional else plain


def _told(column: Column) -> str:
    told = [f"the column {javadoc(column.name)}"]
    if column.description:
        told.append(javadoc(column.description))
    if column.unit:
        told.append(f"in {javadoc(column.unit)}")
    if column.type == "datetime":
        told.append("to the microsecond")
    if column.range is not None:
        told.append(f"seen from {column.range[0]:g} to {column.range[1]:g}")
    if column.categories is not None and column.closed:
        told.append("one of " + ", ".join(javadoc(category) for category in column.categories[:20]))
    if column.max_length is not None:
        told.append(f"at most {column.max_length} elements")
    if column.nullable:
        told.append("{@code null} where missing")
    if column.optional:
        told.append("{@code null} where absent")
    return "; ".join(told)


def scores_record(shown: Sequence[Output], model: str, outputs: Mapping[str, str]) -> str:
    def kind(output: Output) -> str:
        element = OUTPUTS[output.type][0]
        return element if len(output.shape) == 1 else f"{element}[]"

    fields = ", ".join(f"{kind(output)} {outputs[output.name]}" for output in shown)
    told = "\n".join(f" * @param {outputs[output.name]} {_output_told(output)}" for output in shown)
    methods = "\n".join(_of_label(output, outputs[output.name]) for output in shown if _by_label(output))
    return f"""
/**
 * What {model}Scorer gives for a row.
 *
{told}
 */
public record {model}Scores({fields}) {{{methods}}}
"""


def _by_label(output: Output) -> bool:
    return output.labels is not None and len(output.shape) == 2


def _output_told(output: Output) -> str:
    if output.labels is None:
        return f"{javadoc(output.name)}"
    listed = ", ".join(javadoc(str(label)) for label in output.labels[:20]) + (
        ", ..." if len(output.labels) > 20 else ""
    )
    return f"{javadoc(output.name)}; " + ("one of " if len(output.shape) == 1 else "in the order ") + listed


def _of_label(output: Output, name: str) -> str:
    assert output.labels is not None
    element, _, _ = OUTPUTS[output.type]
    kind = _label_type(output)
    cases = "\n".join(
        f"        if ({'label.equals(' + java_string(label) + ')' if isinstance(label, str) else f'label == {_literal(label)}'}) {{\n"
        f"            return {name}[{position}];\n        }}"
        for position, label in enumerate(output.labels)
    )
    return f"""
    /**
     * The element of {{@code {name}}} for a label.
     *
     * @param label one of the labels
     * @return its score
     * @throws IllegalArgumentException if there is no such label
     */
    public {element} {name}({kind} label) {{
{cases}
        throw new IllegalArgumentException({java_string(output.name + ": no label ")} + label);
    }}
"""


def _label_type(output: Output) -> str:
    assert output.labels is not None
    first = output.labels[0]
    return {bool: "boolean", int: "long", float: "double"}.get(type(first), "String")


def _literal(label: str | int | float | bool) -> str:
    if isinstance(label, bool):
        return "true" if label else "false"
    return f"{label}L" if isinstance(label, int) else repr(label)
