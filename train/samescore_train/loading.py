"""The data of a scenario: what the user names, else the public file, else the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from samescore_train.parsing import parse_table
from samescore_train.snapshot import Snapshot, read_snapshot, simulated_snapshot
from samescore_train.sources import reference_file
from samescore_train.trained import Progress, silent


def load_data(
    file: str,
    simulator: Callable[[], pd.DataFrame],
    *,
    data: str | Path | None = None,
    simulate: bool = False,
    progress: Progress = silent,
    parse: Callable[[str, bytes], pd.DataFrame] = parse_table,
) -> Snapshot:
    """A snapshot of ``data`` if given, else of the reference file of this name if there is one, else of the simulator.

    Raises:
        InputError: ``data`` cannot be read.
    """
    found = None if simulate else data or reference_file(file)
    if found is None:
        why = "asked for" if simulate else f"no {file} in $SAMESCORE_DATA or ../shared/data, and no --data"
        progress(f"SIMULATED DATA, not real: {why}; scores say nothing about the world")
        return simulated_snapshot(simulator(), "simulator")
    progress("read data")
    return read_snapshot(found, parse)
