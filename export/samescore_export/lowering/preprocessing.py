"""Lowerings for ``sklearn.preprocessing``: the tables of its modules together."""

from __future__ import annotations

from samescore_export.lowering import encoders, functions, scalers
from samescore_export.lowering.numeric import doubles

LOWERINGS = {
    **encoders.LOWERINGS,
    **functions.LOWERINGS,
    **scalers.LOWERINGS,
}

__all__ = ["LOWERINGS", "doubles"]
