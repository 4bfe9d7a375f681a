"""Lowerings for ``sklearn.preprocessing``: the tables of its modules together."""

from __future__ import annotations

from samescore_export.lowering import (
    discretization,
    encoders,
    functions,
    label_encoding,
    normalizing,
    polynomials,
    power,
    quantiles,
    scalers,
    splines,
)
from samescore_export.operations.numeric import doubles

LOWERINGS = {
    **discretization.LOWERINGS,
    **encoders.LOWERINGS,
    **functions.LOWERINGS,
    **label_encoding.LOWERINGS,
    **normalizing.LOWERINGS,
    **polynomials.LOWERINGS,
    **power.LOWERINGS,
    **quantiles.LOWERINGS,
    **scalers.LOWERINGS,
    **splines.LOWERINGS,
}

__all__ = ["LOWERINGS", "doubles"]
