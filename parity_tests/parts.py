"""The estimators that a model is made of, and the options by which each differs from its default."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

#: Options that change how a model is fitted, how fast or how loudly, and not what its inference computes.
OF_FITTING = frozenset(
    [
        "random_state",
        "n_jobs",
        "verbose",
        "verbosity",
        "warm_start",
        "copy",
        "copy_X",
        "copy_x",
        "max_iter",
        "tol",
        "n_estimators",
        "max_depth",
        "max_leaf_nodes",
        "cv",
        "memory",
        "n_iter",
        "n_init",
        "iterations",
        "allow_writing_files",
        "thread_count",
        "hidden_layer_sizes",
        "C",
        "nu",
        "epsilon",
        "alpha",
        "alphas",
        "early_stopping",
        "validation_fraction",
        "learning_rate",
        "min_child_samples",
        "subsample",
        "subsample_freq",
        "num_leaves",
        "max_bins",
        "batch_size",
        "n_iter_no_change",
    ]
)


def parts(model: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Name and options of the model and of all estimators among its parameters, each object once."""
    seen: set[int] = set()
    pending = [model]
    while pending:
        item = pending.pop()
        if id(item) in seen or isinstance(item, type):
            continue
        seen.add(id(item))
        if isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, Mapping):
            pending.extend(item.values())
        elif hasattr(item, "get_params"):
            parameters = item.get_params(deep=False)
            yield type(item).__name__, dict(_options(item, parameters))
            pending.extend(parameters.values())


def _options(item: Any, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    defaults = {name: p.default for name, p in inspect.signature(type(item).__init__).parameters.items()}
    for name, value in sorted(parameters.items()):
        if name in OF_FITTING or _holds_estimators(value) or _same(value, defaults.get(name)):
            continue
        yield name, _shown(value)


def _holds_estimators(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_estimators(item) for item in value)
    return hasattr(value, "get_params") and not isinstance(value, type)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and repr(value) == repr(default)


def _shown(value: Any) -> str:
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if hasattr(value, "shape"):
        return "an array"
    text = repr(value)
    return text if len(text) <= 32 else f"a {type(value).__name__}"
