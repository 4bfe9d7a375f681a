"""All problems of a batch, gathered column by column and told in row order."""

from __future__ import annotations

from collections.abc import Sequence

from samescore_runtime import wording
from samescore_runtime.cells import Refused
from samescore_runtime.contract import Column
from samescore_runtime.errors import SHOWN, ContractError, Problem


class Problems:
    """Collects the refusals of one batch.

    Every column's first ``SHOWN`` are kept, which is enough to name the first ``SHOWN`` of all; the rest is counted.
    Within a column they must be added in row order.
    """

    def __init__(self) -> None:
        self.total = 0
        self._kept: list[tuple[int, int, Problem]] = []
        self._per_column: dict[int, int] = {}

    def add(self, row: int, position: int, column: Column, refused: Refused) -> None:
        """A cell that is refused; ``position`` is the column's index in the contract."""
        if self._count(position):
            element = "" if refused.element is None else f"[{refused.element}]"
            where = f"rows[{row}].{column.name}{element}"
            message = f"{where}: {refused.found}; {refused.accepted}"
            self._kept.append((row, position, Problem(row, column.name, refused.code, message)))

    def add_absent(self, row: int | None, position: int, column: Column) -> None:
        """A column that is not there: in one row, or (``None``) in the whole frame."""
        if self._count(position):
            where = "rows" if row is None else f"rows[{row}]"
            message = f"{where}.{column.name}: no such column; {wording.accepted(column)}"
            problem = Problem(row, column.name, "missing_column", message)
            self._kept.append((-1 if row is None else row, position, problem))

    def add_unknown(self, row: int | None, name: str, columns: Sequence[Column]) -> None:
        """A key that is no column, where the contract is closed; told after all columns of its row."""
        if self._count(len(columns)):
            where = "rows" if row is None else f"rows[{row}]"
            known = wording.one_of(tuple(column.name for column in columns))
            problem = Problem(row, name, "unknown_column", f"{where}.{name}: no column of this name; {known}")
            self._kept.append((-1 if row is None else row, len(columns), problem))

    def count(self, more: int) -> None:
        """Problems that are only counted."""
        self.total += more

    def _count(self, position: int) -> bool:
        self.total += 1
        kept = self._per_column.get(position, 0)
        self._per_column[position] = kept + 1
        return kept < SHOWN

    def refuse(self) -> None:
        """Raises ContractError if there is any problem."""
        if self.total:
            first = sorted(self._kept, key=lambda item: item[:2])[:SHOWN]
            raise ContractError([problem for _, _, problem in first], self.total)
