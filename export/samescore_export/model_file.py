"""Reading a fitted model from a file: skops by default, pickles only if trusted by name."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samescore_runtime.errors import InputError

#: Types of scikit-learn and numpy that skops (0.16) does not trust by itself, reviewed: they hold arrays and numbers, and loading
#: them runs no code of the file's choosing.
REVIEWED = frozenset(
    {
        "sklearn.tree._tree.Tree",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._partition_nodes.NodeData64",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.HalfLogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.link.Interval",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.AbsoluteError",
        "sklearn._loss.loss.PinballLoss",
        "sklearn._loss.loss.HuberLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfGammaLoss",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn._loss.loss.HalfTweedieLoss",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.ExponentialLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyAbsoluteError",
        "sklearn._loss._loss.CyPinballLoss",
        "sklearn._loss._loss.CyHuberLoss",
        "sklearn._loss._loss.CyHalfPoissonLoss",
        "sklearn._loss._loss.CyHalfGammaLoss",
        "sklearn._loss._loss.CyHalfTweedieLoss",
        "sklearn._loss._loss.CyHalfTweedieLossIdentity",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyExponentialLoss",
        "sklearn.linear_model._sgd_fast.Hinge",
        "sklearn.linear_model._sgd_fast.Log",
        "sklearn.linear_model._sgd_fast.ModifiedHuber",
        "sklearn.linear_model._sgd_fast.SquaredLoss",
        "sklearn.utils.validation.check_array",
        "functools.partial",
        "numpy.dtype",
    }
)

PICKLES = (".joblib", ".pkl", ".pickle")


def read_model(path: str | Path, trust: Iterable[str] = (), trust_pickle: bool = False) -> Any:
    """The fitted model in a file.

    Args:
        path: ``.skops``, or with ``trust_pickle`` ``.joblib``, ``.pkl`` or ``.pickle``.
        trust: names of further types that the file may hold; loading them runs their code.
        trust_pickle: loading a pickle runs whatever code it holds.

    Raises:
        InputError: no such file, another kind of file, a pickle without ``trust_pickle``, or untrusted types; all are named.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(file.name, "no such file", "a fitted model (.skops)")
    if file.suffix in PICKLES:
        if not trust_pickle:
            raise InputError(file.name, "a pickle, which runs code when it is loaded", ".skops, or --trust-pickle")
        return _read_pickle(file)
    if not zipfile.is_zipfile(file):
        raise InputError(file.name, "no skops file", "a model written by skops.io.dump")
    return _read_skops(file, frozenset(trust))


def _read_pickle(file: Path) -> Any:
    import joblib

    try:
        return joblib.load(file)
    except Exception as error:
        raise InputError(file.name, f"cannot be loaded ({type(error).__name__}: {error})", "a fitted model") from error


def _read_skops(file: Path, trust: frozenset[str]) -> Any:
    from skops.io import get_untrusted_types, load

    try:
        needed = get_untrusted_types(file=file)
    except Exception as error:
        raise InputError(
            file.name, f"cannot be read ({type(error).__name__}: {error})", "a model written by skops.io.dump"
        ) from error
    untrusted = sorted(set(needed) - REVIEWED - trust)
    if untrusted:
        flags = " ".join(f"--trust {name}" for name in untrusted)
        raise InputError(file.name, f"holds {len(untrusted)} types that are not trusted: {', '.join(untrusted)}", flags)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load(file, trusted=list(needed))
    except Exception as error:
        raise InputError(
            file.name, f"cannot be loaded ({type(error).__name__}: {error})", "a model of this scikit-learn version"
        ) from error
