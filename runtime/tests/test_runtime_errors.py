"""Errors come whole out of another process."""

import pickle

import pytest

from samescore_runtime.errors import ArtifactError, ContractError, InputError, MissingExtraError, Problem


@pytest.mark.parametrize(
    "error",
    [
        InputError("sample", "no rows", "at least one row"),
        ArtifactError("integrity", "a.onnx", "changed", "the file as written"),
        MissingExtraError("parquet", "pyarrow", "parquet"),
        ContractError([Problem(0, "price", "wrong_type", "rows[0].price: true; a number")], 1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__
