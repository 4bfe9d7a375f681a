"""The source of parity_tests/contract_cases.json: what every implementation of the contract accepts and refuses.

Everything expected is written out here by hand from docs/contract.md; nothing is computed by an implementation.
Write the file again with ``python runtime/tests/contract_case_source.py``.

A case holds ``rows``, or, where a strict JSON reader would refuse the file, ``rows_json``: the rows as a JSON text of
their own. A refused case names at most the first 20 problems, and their ``total``.
"""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "parity_tests" / "contract_cases.json"

NAN, INF = float("nan"), float("inf")
LIMIT = 3.4028235677973362e38
LIMIT_TEXT = "3.4028235677973362e+38"
INT64 = "an integer from -9223372036854775808 to 9223372036854775807"
MOMENT = "a date or time in ISO 8601, or microseconds since 1970 UTC"
EMOJI = "\U0001f600"

_CODES = {"float64": "<d", "float32": "<f", "int64": "<q", "int32": "<i", "bool": "<?"}


def array(dtype: str, shape: list[int], *values: Any) -> dict[str, Any]:
    """An array object; values in row-major order."""
    if dtype == "string":
        return {"dtype": dtype, "shape": shape, "data": list(values)}
    raw = b"".join(struct.pack(_CODES[dtype], value) for value in values)
    return {"dtype": dtype, "shape": shape, "data": base64.b64encode(raw).decode("ascii")}


def column(name: str, kind: str, tensor: str, position: int = 0, **changes: Any) -> dict[str, Any]:
    base = {
        "name": name,
        "type": kind,
        "nullable": False,
        "finite": False,
        "limit": None,
        "range": None,
        "categories": None,
        "closed": False,
        "max_length": None,
        "unit": None,
        "description": None,
        "place": {"tensor": tensor, "position": position},
        "optional": False,
    }
    return {**base, **changes}


def tensor(name: str, kind: str, width: int | None = 1, missing: str | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": [None, width], "missing": missing}


def contract(columns: list[dict[str, Any]], tensors: list[dict[str, Any]], layout: str = "packed") -> dict[str, Any]:
    output = {"name": "predict", "type": "float64", "shape": [None], "labels": None, "index": None}
    return {"format": 1, "layout": layout, "columns": columns, "tensors": tensors, "outputs": [output], "closed": False}


def lone(kind: str, tensor_type: str, **changes: Any) -> dict[str, Any]:
    """A contract of one column ``x`` in a packed tensor of its type."""
    return contract([column("x", kind, tensor_type, **changes)], [tensor(tensor_type, tensor_type)])


def lone_string(missing: bool = False, **changes: Any) -> dict[str, Any]:
    mask = [tensor("string.missing", "bool")] if missing else []
    held = tensor("string", "string", 1, "string.missing" if missing else None)
    return contract([column("x", "string", "string", nullable=missing, **changes)], [held, *mask])


def lone_text(missing: bool = False) -> dict[str, Any]:
    mask = [tensor("text.x.missing", "bool")] if missing else []
    held = tensor("text.x", "int32", None, "text.x.missing" if missing else None)
    return contract([column("x", "string", "text.x", nullable=missing)], [held, *mask])


def lone_list(nullable: bool = False) -> dict[str, Any]:
    return contract(
        [column("x", "list<string>", "list.x", nullable=nullable, max_length=3)],
        [tensor("list.x", "string", None, "list.x.missing"), tensor("list.x.missing", "bool", None)],
    )


CONTRACTS = {
    "float64": lone("float64", "float64"),
    "float64_nullable": lone("float64", "float64", nullable=True),
    "float64_finite": lone("float64", "float64", finite=True, range=[0.0, 1.0]),
    "float64_finite_nullable": lone("float64", "float64", finite=True, nullable=True),
    "float64_limit": lone("float64", "float64", finite=True, limit=LIMIT),
    "float64_limit_nullable": lone("float64", "float64", finite=True, limit=LIMIT, nullable=True),
    "float32": lone("float32", "float32"),
    "float32_finite_nullable": lone("float32", "float32", finite=True, nullable=True),
    "int64": lone("int64", "int64", range=[0, 10]),
    "int64_nullable": lone("int64", "float64", nullable=True),
    "bool": lone("bool", "bool"),
    "bool_nullable": lone("bool", "float64", nullable=True),
    "string": lone_string(),
    "string_nullable": lone_string(missing=True),
    "string_open": lone_string(categories=["east", "west"]),
    "string_closed": lone_string(categories=["east", "north", "west"], closed=True),
    "string_closed_many": lone_string(missing=True, categories=["a", "b", "c", "d", "e", "f", "g"], closed=True),
    "string_closed_five": lone_string(categories=["a", "b", "c", "d", "e"], closed=True),
    "datetime": lone("datetime", "int64"),
    "datetime_nullable": lone("datetime", "float64", nullable=True),
    "text": lone_text(),
    "text_nullable": lone_text(missing=True),
    "list": lone_list(),
    "list_nullable": lone_list(nullable=True),
    "packed": contract(
        [
            column("price", "float64", "float64", 0, nullable=True, finite=True),
            column("count", "int64", "int64", 0),
            column("stock", "int64", "float64", 1, nullable=True),
            column("open", "bool", "bool", 0),
            column("shop", "string", "string", 0, categories=["east", "west"], closed=True),
            column("colour", "string", "string", 1, nullable=True),
            column("day", "datetime", "int64", 1),
            column("ratio", "float32", "float32", 0),
            column("note", "string", "text.note", 0),
            column("items", "list<string>", "list.items", 0, max_length=3),
        ],
        [
            tensor("float64", "float64", 2),
            tensor("float32", "float32"),
            tensor("int64", "int64", 2),
            tensor("bool", "bool"),
            tensor("string", "string", 2, "string.missing"),
            tensor("string.missing", "bool", 2),
            tensor("text.note", "int32", None),
            tensor("list.items", "string", None, "list.items.missing"),
            tensor("list.items.missing", "bool", None),
        ],
    ),
    "columns": contract(
        [
            column("price", "float64", "price", nullable=True),
            column("count", "int64", "count"),
            column("stock", "int64", "stock", nullable=True),
            column("open", "bool", "open"),
            column("colour", "string", "colour", nullable=True),
            column("the day", "datetime", "the day"),
            column("größe", "float32", "größe"),
        ],
        [
            tensor("price", "float64"),
            tensor("count", "int64"),
            tensor("stock", "float64"),
            tensor("open", "bool"),
            tensor("colour", "string", 1, "colour.missing"),
            tensor("colour.missing", "bool"),
            tensor("the day", "int64"),
            tensor("größe", "float32"),
        ],
        "columns",
    ),
    # The order of the columns is not the order of their places.
    "reordered": contract(
        [
            column("c", "float64", "float64", 2),
            column("a", "float64", "float64", 0),
            column("b", "float64", "float64", 1),
        ],
        [tensor("float64", "float64", 3)],
    ),
    "three_numbers": contract(
        [column(name, "float64", "float64", place) for place, name in enumerate(("a", "b", "c"))],
        [tensor("float64", "float64", 3)],
    ),
    "closed": {
        **contract(
            [
                column(name, "float64", "float64", place, nullable=True, optional=True)
                for place, name in enumerate(("a", "b"))
            ],
            [tensor("float64", "float64", 2)],
        ),
        "closed": True,
    },
    "optional": contract(
        [
            column("must", "float64", "float64", 0),
            column("a", "float64", "float64", 1, nullable=True, optional=True),
            column("n", "int64", "float64", 2, nullable=True, optional=True),
            column("s", "string", "string", 0, nullable=True, optional=True),
            column("l", "list<string>", "list.l", nullable=True, max_length=3, optional=True),
        ],
        [
            tensor("float64", "float64", 3),
            tensor("string", "string", 1, "string.missing"),
            tensor("string.missing", "bool"),
            tensor("list.l", "string", None, "list.l.missing"),
            tensor("list.l.missing", "bool", None),
        ],
    ),
}

Case = dict[str, Any]


def good(name: str, which: str, rows: list[Any], **tensors: dict[str, Any]) -> Case:
    return {"id": name, "contract": which, "rows": rows, "accepted": True, "tensors": tensors}


def good_x(name: str, which: str, values: list[Any], key: str, expected: dict[str, Any]) -> Case:
    """Rows of the lone column ``x``; one tensor expected."""
    return good(name, which, [{"x": value} for value in values], **{key: expected})


def bad(name: str, which: str, rows: list[Any], *problems: tuple[int, str, str, str], total: int | None = None) -> Case:
    told = [dict(zip(("row", "column", "code", "message"), problem, strict=True)) for problem in problems]
    total = len(told) if total is None else total
    return {"id": name, "contract": which, "rows": rows, "accepted": False, "problems": told, "total": total}


def bad_x(name: str, which: str, value: Any, code: str, told: str) -> Case:
    """One row of the lone column ``x``; ``told`` is what follows the place in the message."""
    return bad(name, which, [{"x": value}], (0, "x", code, f"rows[0].x: {told}"))


def bad_json(name: str, which: str, rows_json: str, column_name: str, code: str, message: str) -> Case:
    case = bad(name, which, [], (0, column_name, code, message))
    del case["rows"]
    return {**case, "rows_json": rows_json}


def floats(name: str, which: str, values: list[Any], *expected: float) -> Case:
    kind = "float32" if which.startswith("float32") else "float64"
    return good_x(name, which, values, kind, array(kind, [len(values), 1], *expected))


FLOAT_CASES = [
    floats("float64 plain", "float64", [1.5, -2.25, 0.1], 1.5, -2.25, 0.1),
    floats("float64 integers", "float64", [0, 7, -3], 0.0, 7.0, -3.0),
    floats("float64 negative zero", "float64", [-0.0], -0.0),
    floats("float64 smallest and largest", "float64", [5e-324, 1.7976931348623157e308], 5e-324, 1.7976931348623157e308),
    floats("float64 integer rounded to even", "float64", [9007199254740993], 9007199254740992.0),
    floats("float64 integer beyond int64", "float64", [18446744073709551616], 18446744073709551616.0),
    floats("float64 infinities as strings", "float64", ["Infinity", "-Infinity"], INF, -INF),
    floats("float64 null", "float64_nullable", [None, 1.0], NAN, 1.0),
    floats("float64 NaN as string", "float64_nullable", ["NaN", 2], NAN, 2.0),
    floats("float64 nullable takes infinity", "float64_nullable", ["Infinity"], INF),
    floats("float64 outside the observed range", "float64_finite", [1e300], 1e300),
    floats("float64 finite nullable null", "float64_finite_nullable", [None, "NaN", 0.5], NAN, NAN, 0.5),
    floats("float64 at the limit", "float64_limit", [LIMIT, -LIMIT], LIMIT, -LIMIT),
    floats("float64 limit nullable null", "float64_limit_nullable", [None], NAN),
    floats("float32 rounded to nearest", "float32", [0.1, 16777217], 0.10000000149011612, 16777216.0),
    floats("float32 largest that rounds to finite", "float32", [LIMIT], 3.4028234663852886e38),
    floats("float32 underflow to zero", "float32", [1e-60], 0.0),
    floats("float32 infinity", "float32", ["-Infinity"], -INF),
    floats("float32 null", "float32_finite_nullable", [None, 1.5], NAN, 1.5),
    bad_x("float64 null refused", "float64", None, "not_nullable", "null; a number"),
    bad_x("float64 NaN refused", "float64", "NaN", "not_nullable", "NaN; a number"),
    bad_x("float64 true refused", "float64", True, "wrong_type", "true; a number"),
    bad_x("float64 false refused", "float64", False, "wrong_type", "false; a number"),
    bad_x("float64 string refused", "float64", "abc", "wrong_type", 'the string "abc"; a number'),
    bad_x("float64 number in a string refused", "float64", "1.5", "wrong_type", 'the string "1.5"; a number'),
    bad_x("float64 nan in lower case refused", "float64", "nan", "wrong_type", 'the string "nan"; a number'),
    bad_x("float64 +Infinity refused", "float64", "+Infinity", "wrong_type", 'the string "+Infinity"; a number'),
    bad_x("float64 inf refused", "float64_nullable", "inf", "wrong_type", 'the string "inf"; a number or null'),
    bad_x("float64 empty string refused", "float64", "", "wrong_type", 'the string ""; a number'),
    bad_x("float64 list refused", "float64", [1.0], "wrong_type", "a list of 1 elements; a number"),
    bad_x("float64 empty list refused", "float64", [], "wrong_type", "a list of 0 elements; a number"),
    bad_x("float64 object refused", "float64", {"a": 1}, "wrong_type", "an object; a number"),
    bad_x(
        "float64 nullable string refused", "float64_nullable", "abc", "wrong_type", 'the string "abc"; a number or null'
    ),
    bad_x("float64 finite null refused", "float64_finite", None, "not_nullable", "null; a finite number"),
    bad_x("float64 finite NaN refused", "float64_finite", "NaN", "not_nullable", "NaN; a finite number"),
    bad_x("float64 finite infinity refused", "float64_finite", "Infinity", "not_finite", "Infinity; a finite number"),
    bad_x(
        "float64 finite negative infinity refused",
        "float64_finite_nullable",
        "-Infinity",
        "not_finite",
        "-Infinity; a finite number or null",
    ),
    bad_x("float64 finite string refused", "float64_finite", "x", "wrong_type", 'the string "x"; a finite number'),
    bad_x(
        "float64 beyond the limit",
        "float64_limit",
        3.5e38,
        "out_of_range",
        f"the number 3.5e+38; a finite number of magnitude up to {LIMIT_TEXT}",
    ),
    bad_x(
        "float64 next after the limit",
        "float64_limit",
        -3.4028235677973366e38,
        "out_of_range",
        f"the number -3.4028235677973366e+38; a finite number of magnitude up to {LIMIT_TEXT}",
    ),
    bad_x(
        "float64 limit infinity",
        "float64_limit",
        "Infinity",
        "not_finite",
        f"Infinity; a finite number of magnitude up to {LIMIT_TEXT}",
    ),
    bad_x(
        "float64 limit null",
        "float64_limit",
        None,
        "not_nullable",
        f"null; a finite number of magnitude up to {LIMIT_TEXT}",
    ),
    bad_x(
        "float64 limit nullable wrong type",
        "float64_limit_nullable",
        True,
        "wrong_type",
        f"true; a finite number of magnitude up to {LIMIT_TEXT} or null",
    ),
    bad_x(
        "float64 limit nullable out of range has no null",
        "float64_limit_nullable",
        1e300,
        "out_of_range",
        f"the number 1e+300; a finite number of magnitude up to {LIMIT_TEXT}",
    ),
    bad_x(
        "float32 rounds to infinity",
        "float32",
        3.4028235677973366e38,
        "out_of_range",
        "the number 3.4028235677973366e+38; a number",
    ),
    bad_x("float32 far too large", "float32", -1e300, "out_of_range", "the number -1e+300; a number"),
    bad_x(
        "float32 finite nullable too large",
        "float32_finite_nullable",
        1e39,
        "out_of_range",
        "the number 1e+39; a finite number",
    ),
    bad_x(
        "float32 finite infinity",
        "float32_finite_nullable",
        "Infinity",
        "not_finite",
        "Infinity; a finite number or null",
    ),
    bad_x("float32 true refused", "float32", True, "wrong_type", "true; a number"),
    bad_x("float32 null refused", "float32", None, "not_nullable", "null; a number"),
    bad("float64 absent", "float64", [{}], (0, "x", "missing_column", "rows[0].x: no such column; a number")),
    bad(
        "float64 nullable absent",
        "float64_nullable",
        [{"X": 1.0}],
        (0, "x", "missing_column", "rows[0].x: no such column; a number or null"),
    ),
    bad(
        "float64 limit absent",
        "float64_limit_nullable",
        [{}],
        (
            0,
            "x",
            "missing_column",
            f"rows[0].x: no such column; a finite number of magnitude up to {LIMIT_TEXT} or null",
        ),
    ),
]


def ints(name: str, values: list[Any], *expected: int) -> Case:
    return good_x(name, "int64", values, "int64", array("int64", [len(values), 1], *expected))


INT_CASES = [
    ints("int64 plain", [0, 7, -3], 0, 7, -3),
    ints(
        "int64 smallest and largest",
        [-9223372036854775808, 9223372036854775807],
        -9223372036854775808,
        9223372036854775807,
    ),
    ints("int64 odd beyond 2^53", [9007199254740993], 9007199254740993),
    ints("int64 integral floats", [3.0, -4.0, -0.0], 3, -4, 0),
    ints("int64 float of 2^53", [9007199254740992.0, -9007199254740992.0], 9007199254740992, -9007199254740992),
    good_x("int64 nullable", "int64_nullable", [None, 5, 6.0], "float64", array("float64", [3, 1], NAN, 5.0, 6.0)),
    bad_x("int64 null refused", "int64", None, "not_nullable", "null; an integer"),
    bad_x("int64 fraction refused", "int64", 3.5, "wrong_type", "the number 3.5; an integer"),
    bad_x("int64 tiny fraction refused", "int64", 1e-07, "wrong_type", "the number 1e-07; an integer"),
    bad_x("int64 true refused", "int64", True, "wrong_type", "true; an integer"),
    bad_x("int64 string refused", "int64", "3", "wrong_type", 'the string "3"; an integer'),
    bad_x("int64 NaN string refused", "int64_nullable", "NaN", "wrong_type", 'the string "NaN"; an integer or null'),
    bad_x("int64 nullable fraction refused", "int64_nullable", 0.5, "wrong_type", "the number 0.5; an integer or null"),
    bad_x("int64 list refused", "int64", [1, 2], "wrong_type", "a list of 2 elements; an integer"),
    bad_x(
        "int64 float next after 2^53",
        "int64",
        9007199254740994.0,
        "wrong_type",
        "the number 9007199254740994.0; an integer",
    ),
    bad_x("int64 float beyond 2^53", "int64", -1e17, "wrong_type", "the number -1e+17; an integer"),
    bad_x("int64 one above", "int64", 9223372036854775808, "out_of_range", f"the number 9223372036854775808; {INT64}"),
    bad_x(
        "int64 one below", "int64", -9223372036854775809, "out_of_range", f"the number -9223372036854775809; {INT64}"
    ),
    bad_x(
        "int64 beyond 64 bit",
        "int64",
        100000000000000000000,
        "out_of_range",
        f"the number 100000000000000000000; {INT64}",
    ),
    bad_x("int64 float far beyond", "int64", 1e300, "out_of_range", f"the number 1e+300; {INT64}"),
    bad_x(
        "int64 nullable out of range has no null",
        "int64_nullable",
        9223372036854775808,
        "out_of_range",
        f"the number 9223372036854775808; {INT64}",
    ),
    bad("int64 absent", "int64", [{}], (0, "x", "missing_column", "rows[0].x: no such column; an integer")),
]

BOOL_CASES = [
    good_x("bool", "bool", [True, False], "bool", array("bool", [2, 1], True, False)),
    good_x("bool nullable", "bool_nullable", [True, None, False], "float64", array("float64", [3, 1], 1.0, NAN, 0.0)),
    bad_x("bool null refused", "bool", None, "not_nullable", "null; true or false"),
    bad_x("bool one refused", "bool", 1, "wrong_type", "the number 1; true or false"),
    bad_x("bool zero refused", "bool", 0, "wrong_type", "the number 0; true or false"),
    bad_x("bool float refused", "bool", 1.0, "wrong_type", "the number 1.0; true or false"),
    bad_x("bool string refused", "bool_nullable", "true", "wrong_type", 'the string "true"; true or false or null'),
    bad_x("bool object refused", "bool", {}, "wrong_type", "an object; true or false"),
    bad(
        "bool absent",
        "bool_nullable",
        [{}],
        (0, "x", "missing_column", "rows[0].x: no such column; true or false or null"),
    ),
]

#: A float and its shortest text, as found where a bool is wanted.
NUMBER_TEXTS = [
    (0.1, "0.1"),
    (-0.0, "-0.0"),
    (100.0, "100.0"),
    (0.0001, "0.0001"),
    (0.00001, "1e-05"),
    (9999999999999998.0, "9999999999999998.0"),
    (1e16, "1e+16"),
    (1.2345678901234568e17, "1.2345678901234568e+17"),
    (1e22, "1e+22"),
    (2e23, "2e+23"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (2.2250738585072014e-308, "2.2250738585072014e-308"),
    (123456.789, "123456.789"),
    (-1.5e-9, "-1.5e-09"),
]
NUMBER_CASES = [
    bad_x(f"number written as {text}", "bool", value, "wrong_type", f"the number {text}; true or false")
    for value, text in NUMBER_TEXTS
]


def strings(name: str, which: str, values: list[Any], *expected: str) -> Case:
    return good_x(name, which, values, "string", array("string", [len(values), 1], *expected))


ONE_OF_THREE = 'one of "east", "north", "west"'
ONE_OF_MANY = 'one of "a", "b", "c", "d", "e", … (7 in all)'
STRING_CASES = [
    strings("string plain", "string", ["east", "", "None", "nan"], "east", "", "None", "nan"),
    strings("string not ASCII", "string", ["été", "日本", EMOJI], "été", "日本", EMOJI),
    strings("string composed and combining stay apart", "string", ["\u00e9", "e\u0301"], "\u00e9", "e\u0301"),
    strings("string of noncharacters", "string", ["\uffff\ufeff"], "\uffff\ufeff"),
    strings("string outside open categories", "string_open", ["moon"], "moon"),
    strings("string in closed categories", "string_closed", ["west", "east"], "west", "east"),
    good(
        "string null",
        "string_nullable",
        [{"x": None}, {"x": ""}, {"x": "a"}],
        **{"string": array("string", [3, 1], "", "", "a"), "string.missing": array("bool", [3, 1], True, False, False)},
    ),
    good(
        "string closed null",
        "string_closed_many",
        [{"x": None}, {"x": "g"}],
        **{"string": array("string", [2, 1], "", "g"), "string.missing": array("bool", [2, 1], True, False)},
    ),
    bad_x("string null refused", "string", None, "not_nullable", "null; a string"),
    bad_x("string number refused", "string", 5, "wrong_type", "the number 5; a string"),
    bad_x("string float refused", "string_nullable", 5.0, "wrong_type", "the number 5.0; a string or null"),
    bad_x("string true refused", "string", True, "wrong_type", "true; a string"),
    bad_x("string list refused", "string", ["a"], "wrong_type", "a list of 1 elements; a string"),
    bad_x("string object refused", "string", {"a": "b"}, "wrong_type", "an object; a string"),
    bad_x("string unknown category", "string_closed", "moon", "unknown_category", f'the string "moon"; {ONE_OF_THREE}'),
    bad_x(
        "string category in another case",
        "string_closed",
        "East",
        "unknown_category",
        f'the string "East"; {ONE_OF_THREE}',
    ),
    bad_x("string empty is no category", "string_closed", "", "unknown_category", f'the string ""; {ONE_OF_THREE}'),
    bad_x("string closed null refused", "string_closed", None, "not_nullable", f"null; {ONE_OF_THREE}"),
    bad_x("string closed number refused", "string_closed", 1, "wrong_type", f"the number 1; {ONE_OF_THREE}"),
    bad_x(
        "string many categories",
        "string_closed_many",
        "h",
        "unknown_category",
        f'the string "h"; {ONE_OF_MANY} or null',
    ),
    bad_x(
        "string five categories are all named",
        "string_closed_five",
        "f",
        "unknown_category",
        'the string "f"; one of "a", "b", "c", "d", "e"',
    ),
    bad(
        "string closed absent",
        "string_closed",
        [{}],
        (0, "x", "missing_column", f"rows[0].x: no such column; {ONE_OF_THREE}"),
    ),
    bad_json(
        "string lone high surrogate",
        "string",
        '[{"x": "a\\ud83d"}]',
        "x",
        "wrong_type",
        'rows[0].x: the string "a\\ud83d"; a string',
    ),
    bad_json(
        "string lone low surrogate",
        "string_nullable",
        '[{"x": "\\ude00b"}]',
        "x",
        "wrong_type",
        'rows[0].x: the string "\\ude00b"; a string or null',
    ),
    bad_json(
        "string surrogates in the wrong order",
        "string_closed",
        '[{"x": "\\ude00\\ud83d"}]',
        "x",
        "wrong_type",
        f'rows[0].x: the string "\\ude00\\ud83d"; {ONE_OF_THREE}',
    ),
]

#: A text and how a message shows it.
SHOWN_TEXTS = [
    ("quotes", 'say "hi"', 'say \\"hi\\"'),
    ("backslash", "a\\b", "a\\\\b"),
    ("line break and tab", "a\nb\tc", "a\\nb\\tc"),
    ("control characters", "\u0001\u001f", "\\u0001\\u001f"),
    ("NUL", "a\u0000b", "a\\u0000b"),
    ("DEL and line separator as they are", "\u007f\u2028", "\u007f\u2028"),
    ("not ASCII as it is", "é" + EMOJI, "é" + EMOJI),
    ("forty code points", "a" * 40, "a" * 40),
    ("forty-one code points", "a" * 41, "a" * 40 + "…"),
    ("forty emoji", EMOJI * 40, EMOJI * 40),
    ("forty-one emoji", EMOJI * 41, EMOJI * 40 + "…"),
    ("cut before escaping", '"' * 41, '\\"' * 40 + "…"),
]
SHOWN_CASES = [
    bad_x(f"text shown: {name}", "float64", text, "wrong_type", f'the string "{shown}"; a number')
    for name, text, shown in SHOWN_TEXTS
]

#: A text of a date or time and its microseconds since 1970-01-01 UTC.
MOMENTS = [
    ("1970-01-01", 0),
    ("1970-01-02", 86_400_000_000),
    ("1969-12-31", -86_400_000_000),
    ("1970-01-01T00:01", 60_000_000),
    ("1970-01-01 00:01", 60_000_000),
    ("1970-01-01T00:00:01", 1_000_000),
    ("1970-01-01T00:00:00.5", 500_000),
    ("1970-01-01T00:00:00.000001", 1),
    ("1970-01-01T00:00:00.120", 120_000),
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-01T00:00Z", 0),
    ("1970-01-01T02:00:00+02:00", 0),
    ("1970-01-01T00:00:00-05:30", 19_800_000_000),
    ("1970-01-01 01:00:00.25+01:00", 250_000),
    ("2000-02-29", 951_782_400_000_000),
    ("2011-12-01T08:26:00", 1_322_727_960_000_000),
    ("0001-01-01", -62_135_596_800_000_000),
    ("9999-12-31T23:59:59.999999", 253_402_300_799_999_999),
]
BAD_MOMENTS = [
    "2011-02-30",
    "1900-02-29",
    "2011-13-01",
    "2011-00-10",
    "0000-01-01",
    "2011-1-1",
    "20110101",
    "2011-01-01T24:00",
    "2011-01-01T10:60",
    "2011-01-01T10:00:60",
    "2011-01-01T10",
    "2011-01-01T10:00:00.",
    "2011-01-01T10:00:00.1234567",
    "2011-01-01T10:00:00,5",
    "2011-01-01T10:00z",
    "2011-01-01T10:00+0100",
    "2011-01-01T10:00+01",
    "2011-01-01t10:00",
    "2011-01-01T10:00+24:00",
    "2011-01-01T10:00+01:60",
    " 2011-01-01",
    "2011-01-01\n",
    "+2011-01-01",
    "12345-01-01",
    "01/02/2011",
    "now",
    "",
    "1300000000",
    "\u0662\u0660\u0661\u0661-01-01",
]
DATETIME_CASES = [
    *[
        good_x(f"datetime {text}", "datetime", [text], "int64", array("int64", [1, 1], value))
        for text, value in MOMENTS
    ],
    good_x(
        "datetime integers",
        "datetime",
        [0, -5, 1_300_000_000_000_000, 3.0],
        "int64",
        array("int64", [4, 1], 0, -5, 1_300_000_000_000_000, 3),
    ),
    good_x(
        "datetime smallest integer",
        "datetime",
        [-9223372036854775808],
        "int64",
        array("int64", [1, 1], -9223372036854775808),
    ),
    good_x(
        "datetime nullable",
        "datetime_nullable",
        [None, "1970-01-01T00:00:01", 7],
        "float64",
        array("float64", [3, 1], NAN, 1_000_000.0, 7.0),
    ),
    *[
        bad_x(
            f"datetime refused {index}",
            "datetime",
            text,
            "bad_datetime",
            f"the string {json.dumps(text, ensure_ascii=False)}; {MOMENT}",
        )
        for index, text in enumerate(BAD_MOMENTS)
    ],
    bad_x(
        "datetime nullable refused", "datetime_nullable", "soon", "bad_datetime", f'the string "soon"; {MOMENT} or null'
    ),
    bad_x("datetime null refused", "datetime", None, "not_nullable", f"null; {MOMENT}"),
    bad_x("datetime true refused", "datetime", True, "wrong_type", f"true; {MOMENT}"),
    bad_x("datetime fraction refused", "datetime", 1.5, "wrong_type", f"the number 1.5; {MOMENT}"),
    bad_x("datetime list refused", "datetime_nullable", [], "wrong_type", f"a list of 0 elements; {MOMENT} or null"),
    bad("datetime absent", "datetime", [{}], (0, "x", "missing_column", f"rows[0].x: no such column; {MOMENT}")),
]


def codes(name: str, values: list[str], width: int, *expected: int) -> Case:
    return good_x(name, "text", values, "text.x", array("int32", [len(values), width], *expected))


TEXT_CASES = [
    codes("text ASCII", ["abc"], 3, 97, 98, 99),
    codes("text filled up", ["ab", "c", ""], 2, 97, 98, 99, -1, -1, -1),
    codes("text empty", [""], 1, -1),
    codes("texts all empty", ["", ""], 1, -1, -1),
    codes("text emoji", ["a" + EMOJI], 2, 97, 128512),
    codes("text combining mark", ["e\u0301"], 2, 101, 769),
    codes("text NUL", ["\u0000", "a\u0000b"], 3, 0, -1, -1, 97, 0, 98),
    codes("text joined emoji", ["\U0001f468\u200d\U0001f469"], 3, 128104, 8205, 128105),
    codes("text largest code point", ["\U0010ffff"], 1, 1114111),
    good(
        "text null",
        "text_nullable",
        [{"x": None}, {"x": "hi"}, {"x": ""}],
        **{
            "text.x": array("int32", [3, 2], -1, -1, 104, 105, -1, -1),
            "text.x.missing": array("bool", [3, 1], True, False, False),
        },
    ),
    good(
        "text only null",
        "text_nullable",
        [{"x": None}],
        **{"text.x": array("int32", [1, 1], -1), "text.x.missing": array("bool", [1, 1], True)},
    ),
    bad_x("text null refused", "text", None, "not_nullable", "null; a string"),
    bad_x("text number refused", "text", 3, "wrong_type", "the number 3; a string"),
    bad_json(
        "text lone surrogate",
        "text",
        '[{"x": "\\ud83dx"}]',
        "x",
        "wrong_type",
        'rows[0].x: the string "\\ud83dx"; a string',
    ),
    bad("text absent", "text", [{"text": "a"}], (0, "x", "missing_column", "rows[0].x: no such column; a string")),
]


def lists(name: str, which: str, values: list[Any], width: int, held: list[str], mask: list[bool]) -> Case:
    shape = [len(values), width]
    return good(
        name,
        which,
        [{"x": value} for value in values],
        **{"list.x": array("string", shape, *held), "list.x.missing": array("bool", shape, *mask)},
    )


LIST_CASES = [
    lists("list one row", "list", [["a", "b"]], 2, ["a", "b"], [False, False]),
    lists(
        "list filled up",
        "list",
        [["a"], [], ["b", "c"]],
        2,
        ["a", "", "", "", "b", "c"],
        [False, True, True, True, False, False],
    ),
    lists("list empty", "list", [[]], 1, [""], [True]),
    lists("list with an empty string", "list", [["", "a"]], 2, ["", "a"], [False, False]),
    lists("list at its largest", "list", [["a", "a", EMOJI]], 3, ["a", "a", EMOJI], [False, False, False]),
    lists("list null", "list_nullable", [None, ["a"]], 1, ["", "a"], [True, False]),
    bad_x("list too long", "list", ["a", "b", "c", "d"], "too_long", "a list of 4 elements; at most 3 elements"),
    bad_x(
        "list nullable too long", "list_nullable", ["a"] * 70, "too_long", "a list of 70 elements; at most 3 elements"
    ),
    bad_x("list null refused", "list", None, "not_nullable", "null; a list of strings"),
    bad_x("list string refused", "list", "a", "wrong_type", 'the string "a"; a list of strings'),
    bad_x("list object refused", "list_nullable", {"0": "a"}, "wrong_type", "an object; a list of strings or null"),
    bad(
        "list number inside", "list", [{"x": ["a", 5]}], (0, "x", "wrong_type", "rows[0].x[1]: the number 5; a string")
    ),
    bad("list null inside", "list_nullable", [{"x": [None]}], (0, "x", "wrong_type", "rows[0].x[0]: null; a string")),
    bad(
        "list of lists",
        "list",
        [{"x": [["a"]]}],
        (0, "x", "wrong_type", "rows[0].x[0]: a list of 1 elements; a string"),
    ),
    bad(
        "list wrong type before length",
        "list",
        [{"x": ["a", "b", "c", True]}],
        (0, "x", "wrong_type", "rows[0].x[3]: true; a string"),
    ),
    bad_json(
        "list lone surrogate inside",
        "list",
        '[{"x": ["a", "\\udc00"]}]',
        "x",
        "wrong_type",
        'rows[0].x[1]: the string "\\udc00"; a string',
    ),
    bad("list absent", "list", [{}], (0, "x", "missing_column", "rows[0].x: no such column; a list of strings")),
]

ROW = {
    "price": 1.5,
    "count": 3,
    "stock": None,
    "open": True,
    "shop": "east",
    "colour": None,
    "day": "1970-01-02",
    "ratio": 0.5,
    "note": "hi",
    "items": ["p"],
}
SECOND = {
    "price": None,
    "count": -9007199254740993,
    "stock": 8,
    "open": False,
    "shop": "west",
    "colour": "red",
    "day": 5,
    "ratio": -2,
    "note": "",
    "items": [],
}
COLUMNS_ROW = {
    "price": None,
    "count": 4,
    "stock": 2,
    "open": False,
    "colour": None,
    "the day": "1970-01-01",
    "größe": 0.25,
}
BATCH_CASES = [
    good(
        "packed one row",
        "packed",
        [ROW],
        **{
            "float64": array("float64", [1, 2], 1.5, NAN),
            "float32": array("float32", [1, 1], 0.5),
            "int64": array("int64", [1, 2], 3, 86_400_000_000),
            "bool": array("bool", [1, 1], True),
            "string": array("string", [1, 2], "east", ""),
            "string.missing": array("bool", [1, 2], False, True),
            "text.note": array("int32", [1, 2], 104, 105),
            "list.items": array("string", [1, 1], "p"),
            "list.items.missing": array("bool", [1, 1], False),
        },
    ),
    good(
        "packed two rows",
        "packed",
        [ROW, SECOND],
        **{
            "float64": array("float64", [2, 2], 1.5, NAN, NAN, 8.0),
            "float32": array("float32", [2, 1], 0.5, -2.0),
            "int64": array("int64", [2, 2], 3, 86_400_000_000, -9007199254740993, 5),
            "bool": array("bool", [2, 1], True, False),
            "string": array("string", [2, 2], "east", "", "west", "red"),
            "string.missing": array("bool", [2, 2], False, True, False, False),
            "text.note": array("int32", [2, 2], 104, 105, -1, -1),
            "list.items": array("string", [2, 1], "p", ""),
            "list.items.missing": array("bool", [2, 1], False, True),
        },
    ),
    good(
        "packed no rows",
        "packed",
        [],
        **{
            "float64": array("float64", [0, 2]),
            "float32": array("float32", [0, 1]),
            "int64": array("int64", [0, 2]),
            "bool": array("bool", [0, 1]),
            "string": array("string", [0, 2]),
            "string.missing": array("bool", [0, 2]),
            "text.note": array("int32", [0, 1]),
            "list.items": array("string", [0, 1]),
            "list.items.missing": array("bool", [0, 1]),
        },
    ),
    good(
        "columns one row",
        "columns",
        [COLUMNS_ROW],
        **{
            "price": array("float64", [1, 1], NAN),
            "count": array("int64", [1, 1], 4),
            "stock": array("float64", [1, 1], 2.0),
            "open": array("bool", [1, 1], False),
            "colour": array("string", [1, 1], ""),
            "colour.missing": array("bool", [1, 1], True),
            "the day": array("int64", [1, 1], 0),
            "größe": array("float32", [1, 1], 0.25),
        },
    ),
    good(
        "columns two rows",
        "columns",
        [COLUMNS_ROW, {**COLUMNS_ROW, "price": 2, "stock": None, "colour": "blue"}],
        **{
            "price": array("float64", [2, 1], NAN, 2.0),
            "count": array("int64", [2, 1], 4, 4),
            "stock": array("float64", [2, 1], 2.0, NAN),
            "open": array("bool", [2, 1], False, False),
            "colour": array("string", [2, 1], "", "blue"),
            "colour.missing": array("bool", [2, 1], True, False),
            "the day": array("int64", [2, 1], 0, 0),
            "größe": array("float32", [2, 1], 0.25, 0.25),
        },
    ),
    good(
        "keys that are no column are ignored",
        "float64",
        [{"x": 1.0, "y": [1], "z": None}],
        float64=array("float64", [1, 1], 1.0),
    ),
    good(
        "places decide, not the order of columns",
        "reordered",
        [{"a": 1, "b": 2, "c": 3}, {"c": 6, "b": 5, "a": 4}],
        float64=array("float64", [2, 3], 1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
    ),
    bad(
        "packed every column absent",
        "packed",
        [{}],
        (0, "price", "missing_column", "rows[0].price: no such column; a finite number or null"),
        (0, "count", "missing_column", "rows[0].count: no such column; an integer"),
        (0, "stock", "missing_column", "rows[0].stock: no such column; an integer or null"),
        (0, "open", "missing_column", "rows[0].open: no such column; true or false"),
        (0, "shop", "missing_column", 'rows[0].shop: no such column; one of "east", "west"'),
        (0, "colour", "missing_column", "rows[0].colour: no such column; a string or null"),
        (0, "day", "missing_column", f"rows[0].day: no such column; {MOMENT}"),
        (0, "ratio", "missing_column", "rows[0].ratio: no such column; a number"),
        (0, "note", "missing_column", "rows[0].note: no such column; a string"),
        (0, "items", "missing_column", "rows[0].items: no such column; a list of strings"),
    ),
    bad(
        "packed several problems in row and column order",
        "packed",
        [{**ROW, "price": "Infinity", "items": ["a"] * 4}, ROW, {**ROW, "count": None, "shop": "moon", "price": "x"}],
        (0, "price", "not_finite", "rows[0].price: Infinity; a finite number or null"),
        (0, "items", "too_long", "rows[0].items: a list of 4 elements; at most 3 elements"),
        (2, "price", "wrong_type", 'rows[2].price: the string "x"; a finite number or null'),
        (2, "count", "not_nullable", "rows[2].count: null; an integer"),
        (2, "shop", "unknown_category", 'rows[2].shop: the string "moon"; one of "east", "west"'),
    ),
    bad(
        "names of columns as they are",
        "columns",
        [{**COLUMNS_ROW, "the day": "x", "größe": "y"}],
        (0, "the day", "bad_datetime", f'rows[0].the day: the string "x"; {MOMENT}'),
        (0, "größe", "wrong_type", 'rows[0].größe: the string "y"; a number'),
    ),
    bad(
        "reordered columns are told in the contract's order",
        "reordered",
        [{}],
        (0, "c", "missing_column", "rows[0].c: no such column; a number"),
        (0, "a", "missing_column", "rows[0].a: no such column; a number"),
        (0, "b", "missing_column", "rows[0].b: no such column; a number"),
    ),
    bad(
        "exactly twenty problems",
        "float64",
        [{"x": None}] * 20,
        *[(row, "x", "not_nullable", f"rows[{row}].x: null; a number") for row in range(20)],
    ),
    bad(
        "more than twenty problems",
        "float64",
        [{"x": 1}, *[{"x": None}] * 25],
        *[(row, "x", "not_nullable", f"rows[{row}].x: null; a number") for row in range(1, 21)],
        total=25,
    ),
    bad(
        "more than twenty problems over columns",
        "three_numbers",
        [{"a": True, "b": 1, "c": None}] * 12,
        *[
            problem
            for row in range(10)
            for problem in (
                (row, "a", "wrong_type", f"rows[{row}].a: true; a number"),
                (row, "c", "not_nullable", f"rows[{row}].c: null; a number"),
            )
        ],
        total=24,
    ),
]

OPTIONAL_CASES = [
    good(
        "optional columns absent or null",
        "optional",
        [{"must": 1}, {"must": 2, "a": None, "s": None, "l": None, "n": None}],
        **{
            "float64": array("float64", [2, 3], 1.0, NAN, NAN, 2.0, NAN, NAN),
            "string": array("string", [2, 1], "", ""),
            "string.missing": array("bool", [2, 1], True, True),
            "list.l": array("string", [2, 1], "", ""),
            "list.l.missing": array("bool", [2, 1], True, True),
        },
    ),
    good(
        "optional columns of which some rows have some",
        "optional",
        [{"must": 1, "a": 2.5}, {"s": "", "must": 2, "n": 7}, {"l": ["x"], "must": 3}],
        **{
            "float64": array("float64", [3, 3], 1.0, 2.5, NAN, 2.0, NAN, 7.0, 3.0, NAN, NAN),
            "string": array("string", [3, 1], "", "", ""),
            "string.missing": array("bool", [3, 1], True, False, True),
            "list.l": array("string", [3, 1], "", "", "x"),
            "list.l.missing": array("bool", [3, 1], True, True, False),
        },
    ),
    bad(
        "optional columns beside one that is not",
        "optional",
        [{"a": 1, "mist": 2}],
        (0, "must", "missing_column", "rows[0].must: no such column; a number"),
    ),
    bad(
        "optional columns of the wrong type",
        "optional",
        [{"must": 1, "a": "x", "s": 5}],
        (0, "a", "wrong_type", 'rows[0].a: the string "x"; a number or null'),
        (0, "s", "wrong_type", "rows[0].s: the number 5; a string or null"),
    ),
]
CLOSED_CASES = [
    good(
        "closed, every key a column",
        "closed",
        [{"b": 1, "a": 2}, {}],
        float64=array("float64", [2, 2], 2.0, 1.0, NAN, NAN),
    ),
    bad(
        "closed, a key of no column",
        "closed",
        [{"a": 1, "zz": 5, "c": None}, {"b": 1}, {"b": "x", EMOJI: 1, "\uffff": 1}],
        (0, "c", "unknown_column", 'rows[0].c: no column of this name; one of "a", "b"'),
        (2, "b", "wrong_type", 'rows[2].b: the string "x"; a number or null'),
        (2, "\uffff", "unknown_column", 'rows[2].\uffff: no column of this name; one of "a", "b"'),
    ),
]

CASES = [
    *FLOAT_CASES,
    *INT_CASES,
    *BOOL_CASES,
    *NUMBER_CASES,
    *STRING_CASES,
    *SHOWN_CASES,
    *DATETIME_CASES,
    *TEXT_CASES,
    *LIST_CASES,
    *BATCH_CASES,
    *OPTIONAL_CASES,
    *CLOSED_CASES,
]


def text() -> str:
    """The file: ASCII, one line per contract and per case."""

    def lines(items: list[str]) -> str:
        return ",\n    ".join(items)

    contracts = lines([f"{json.dumps(name)}: {json.dumps(item)}" for name, item in CONTRACTS.items()])
    cases = lines([json.dumps(case) for case in CASES])
    return f'{{\n  "contracts": {{\n    {contracts}\n  }},\n  "cases": [\n    {cases}\n  ]\n}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), "ascii")
