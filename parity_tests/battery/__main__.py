"""``make battery``: every trial, a table, and exit code 1 if one was not passed; also written to build/battery.md."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import click
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from parity_tests.battery import trials
from parity_tests.battery.trials import Outcome, Stand
from samescore_export import export


def artifacts(folder: Path) -> tuple[bytes, bytes]:
    """Two models of the same columns that answer differently."""
    made = []
    for seed in range(2):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame({"price": random.normal(size=300), "size": random.normal(size=300)})
        labels = np.where(frame["price"] * (1 - 2 * seed) + frame["size"] > 0, "yes", "no")
        file = folder / f"made-{seed}.onnx"
        export(LogisticRegression().fit(frame, labels), frame, file)
        made.append(file.read_bytes())
    return made[0], made[1]


def plan(seconds: float, soak: float, cases: int) -> Mapping[str, Callable[[Stand], Outcome]]:
    """The trials by their short names."""
    return {
        "flips": partial(trials.flips, seconds=seconds),
        "corrupt": partial(trials.corruptions, count=64),
        "kills": partial(trials.kills, seconds=seconds),
        "ending": trials.ending,
        "overload": partial(trials.overload, seconds=seconds / 2),
        "slow": trials.slow_clients,
        "malformed": trials.malformed,
        "probes": trials.raw_probes,
        "generated": partial(trials.generated, cases=cases),
        "instances": partial(trials.two_instances, seconds=seconds),
        "soak": partial(trials.soak, seconds=soak),
    }


@click.command()
@click.option("--only", multiple=True, help="The short name of a trial.")
@click.option("--seconds", default=20.0, show_default=True, help="Of each trial under load.")
@click.option("--soak", default=120.0, show_default=True, help="Seconds of the soak; 1800 for half an hour.")
@click.option("--cases", default=1500, show_default=True, help="That schemathesis makes for each operation and kind.")
def main(only: tuple[str, ...], seconds: float, soak: float, cases: int) -> None:
    """Try the service's reliability."""
    lines = ["| trial | passed | found |", "| --- | --- | --- |"]
    print("\n".join(lines), flush=True)
    passed = True
    for name, trial in plan(seconds, soak, cases).items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            outcome = trial(Stand(Path(folder), artifacts(Path(folder))))
        passed &= outcome.passed
        lines.append(f"| {outcome.name} | {'yes' if outcome.passed else 'NO'} | {outcome.figures} |")
        print(lines[-1], flush=True)
    Path("build").mkdir(exist_ok=True)
    Path("build/battery.md").write_text("\n".join(lines) + "\n")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
