"""Which lowering belongs to which estimator: literal tables, merged once, looked up by exact type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from samescore_export.scope import Lowering
from samescore_runtime.errors import InputError


class Registry(Mapping[type, Lowering]):
    """A frozen table from estimator type to lowering.

    The lookup is by exact type: a subclass may override ``predict``, so it is never taken for its parent. A table may name a type
    instead (``"xgboost.sklearn.XGBRegressor"``), so that its package need not be installed nor imported.
    """

    def __init__(self, tables: Iterable[Mapping[Any, Lowering]]) -> None:
        """Raises InputError for what is no table, and if two tables name the same type."""
        merged: dict[type | str, Lowering] = {}
        for table in tables:
            if not isinstance(table, Mapping):
                found = table.__name__ if isinstance(table, type) else f"a {type(table).__name__}"
                raise InputError("registry", found, "a list of tables, each a mapping from type to lowering")
            for estimator, lowering in table.items():
                if estimator in merged and merged[estimator] is not lowering:
                    raise InputError(_named(estimator), "two lowerings", "one lowering per type")
                merged[estimator] = lowering
        self._table = MappingProxyType({key: value for key, value in merged.items() if not isinstance(key, str)})
        self._by_name = MappingProxyType({key: value for key, value in merged.items() if isinstance(key, str)})

    def __getitem__(self, estimator: type) -> Lowering:
        found = self._table.get(estimator) or self._by_name.get(_named(estimator))
        if found is None:
            raise KeyError(estimator)
        return found

    def __iter__(self) -> Any:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def names(self) -> tuple[str, ...]:
        """The types that are known by name alone."""
        return tuple(self._by_name)


def _named(estimator: type | str) -> str:
    return estimator if isinstance(estimator, str) else f"{estimator.__module__}.{estimator.__qualname__}"


def named_table(name: str) -> Mapping[type, Lowering]:
    """The table ``pkg.mod:NAME`` of a user, as ``--registry`` takes it."""
    module, _, attribute = name.partition(":")
    try:
        table = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            "registry", f"{name!r} ({error})", "pkg.mod:NAME of a mapping from type to lowering"
        ) from error
    if not isinstance(table, Mapping):
        raise InputError("registry", f"{name!r} is a {type(table).__name__}", "a mapping from type to lowering")
    return table


def installed_tables() -> list[Mapping[type, Lowering]]:
    """The tables of installed packages, from the entry-point group ``samescore.lowerings``."""
    return [entry.load() for entry in sorted(entry_points(group="samescore.lowerings"), key=lambda e: e.name)]


def standard_registry(extra: Iterable[Mapping[type, Lowering]] = ()) -> Registry:
    """The built-in lowerings, those of installed packages, and ``extra``."""
    from samescore_export.lowering import TABLES

    return Registry([*TABLES, *installed_tables(), *extra])
