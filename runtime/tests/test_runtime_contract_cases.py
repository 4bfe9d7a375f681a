"""The shared cases of the contract, through rows and through the plain cell readers."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samescore_runtime.arrays import decode_array
from samescore_runtime.contract import Contract
from samescore_runtime.errors import ContractError
from samescore_runtime.frames import encode_frame
from samescore_runtime.rows import encode_rows

ROOT = Path(__file__).parents[2]
SHARED: dict[str, Any] = json.loads((ROOT / "parity_tests" / "contract_cases.json").read_text("ascii"))
CASES: list[dict[str, Any]] = SHARED["cases"]


def rows_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(case["rows_json"]) if "rows_json" in case else case["rows"]
    return rows


def assert_tensors(got: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(got) == set(expected)
    for name, item in expected.items():
        want = decode_array(item)
        assert got[name].dtype == want.dtype, name
        assert got[name].shape == want.shape, name
        if want.dtype == object:
            assert got[name].tolist() == want.tolist(), name
        else:
            # Signed zeros count as well: the bytes are compared, with NaN in one form.
            assert _bits(got[name]) == _bits(want), name


def _bits(array: np.ndarray[Any, Any]) -> bytes:
    return (np.where(np.isnan(array), np.nan, array) if array.dtype.kind == "f" else array).tobytes()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_rows_are_accepted_and_refused_as_the_shared_cases_say(case: dict[str, Any]) -> None:
    contract = Contract.from_json(SHARED["contracts"][case["contract"]])
    if case["accepted"]:
        assert_tensors(encode_rows(contract, rows_of(case)), case["tensors"])
        return
    with pytest.raises(ContractError) as caught:
        encode_rows(contract, rows_of(case))
    told = [
        {"row": one.row, "column": one.column, "code": one.code, "message": one.message}
        for one in caught.value.problems
    ]
    assert told == case["problems"]
    assert caught.value.total == case["total"]


def _whole(case: dict[str, Any]) -> bool:
    """Whether every row has every column: a column of a frame is there for all rows or for none."""
    names = {column["name"] for column in SHARED["contracts"][case["contract"]]["columns"]}
    return all(names <= set(row) for row in rows_of(case))


WHOLE = [case for case in CASES if _whole(case)]


@pytest.mark.parametrize("case", WHOLE, ids=[case["id"] for case in WHOLE])
def test_columns_follow_the_same_rules_as_rows(case: dict[str, Any]) -> None:
    contract = Contract.from_json(SHARED["contracts"][case["contract"]])
    rows = rows_of(case)
    names = [column.name for column in contract.columns]
    columns = {name: [row[name] for row in rows] for name in names}
    if case["accepted"]:
        assert_tensors(encode_frame(contract, columns), case["tensors"])
        return
    with pytest.raises(ContractError) as caught:
        encode_frame(contract, columns)
    assert [one.message for one in caught.value.problems] == [one["message"] for one in case["problems"]]
    assert caught.value.total == case["total"]


def test_the_file_is_what_its_source_writes() -> None:
    source = runpy.run_path(str(Path(__file__).with_name("contract_case_source.py")))
    assert source["FILE"].read_text("ascii") == source["text"]()


def test_the_cases_are_many_and_their_ids_unique() -> None:
    assert len(CASES) >= 120
    assert len({case["id"] for case in CASES}) == len(CASES)
