"""The command ``samescore train``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from samescore_train.trained import Trained

_OPTIONS = (
    click.option("--data", help="Training data: a file, a folder of partitioned Parquet, or a URL."),
    click.option("--seed", default=0, show_default=True, help="Seed of the model, and of the simulator."),
    click.option("--simulate", is_flag=True, help="Train on the built-in simulator's data."),
    click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .skops file to write."),
    click.option("--sample", type=click.Path(path_type=Path), help="Also write training rows: .parquet or .csv."),
    click.option(
        "--sample-rows", default=2000, show_default=True, type=click.IntRange(min=1), help="Most rows of --sample."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a sentence."),
)


def _shared(command: Callable[..., Any]) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("train")
def train_command() -> None:
    """Train a reference scenario and score it on later data against naive baselines.

    Without --data the public file is taken from $SAMESCORE_DATA or ../shared/data, and if there is none, the built-in simulator,
    which is said on standard error. The model keeps the hash of its data, its seed and its scores in samescore_provenance_.

    \b
    Examples:
      samescore train demand -o demand.skops --sample demand.parquet
      samescore train recommender --data s3://shop/purchases/ -o also-bought.skops
      samescore train spam --data youtube_spam_dated.csv --json -o spam.skops
    """


@train_command.command("demand")
@_shared
@click.option(
    "--model",
    "kind",
    type=click.Choice(["boosting", "forest"]),
    default="boosting",
    show_default=True,
    help="HistGradientBoostingRegressor or RandomForestRegressor.",
)
def demand_command(kind: Any, **options: Any) -> None:
    """Units per product and day, one day ahead.

    Takes retail_daily_top60.csv.gz (date, stock_code, description, units, revenue, shop_open) or UCI Online Retail.

    \b
    Examples:
      samescore train demand -o demand.skops --sample demand.parquet
      samescore train demand --model forest --simulate --seed 7 -o forest.skops
    """

    def train(rows: int, progress: Any) -> Trained:
        from samescore_train import demand

        snapshot = demand.load(options["data"], options["seed"], options["simulate"], progress)
        return demand.fit(snapshot, options["seed"], kind, rows, progress)

    _run(train, **options)


@train_command.command("recommender")
@_shared
@click.option("-k", "--top", default=10, show_default=True, type=click.IntRange(min=1), help="Items recommended.")
@click.option(
    "--neighbors", default=20, show_default=True, type=click.IntRange(min=1), help="Neighbours kept per item."
)
@click.option(
    "--max-items", default=50, show_default=True, type=click.IntRange(min=1), help="The longest history scored."
)
def recommender_command(top: int, neighbors: int, max_items: int, **options: Any) -> None:
    """Customers who bought this also bought.

    Takes retail_interactions.csv.gz (customer_id, item_id, timestamp) or UCI Online Retail. The sample holds lists, so it needs
    .parquet. On loading the model trust samescore_train.recommender.ItemToItemRecommender.

    \b
    Examples:
      samescore train recommender -o also-bought.skops --sample histories.parquet
      samescore train recommender -k 5 --max-items 20 --simulate -o small.skops
    """

    def train(rows: int, progress: Any) -> Trained:
        from samescore_train import purchases

        snapshot = purchases.load(options["data"], options["seed"], options["simulate"], progress)
        return purchases.fit(
            snapshot, options["seed"], k=top, n_neighbors=neighbors, max_items=max_items,
            sample_rows=rows, progress=progress,
        )  # fmt: skip

    _run(train, **options)


@train_command.command("spam")
@_shared
def spam_command(**options: Any) -> None:
    """Ham or spam, from the words of a message.

    Takes sms_spam.csv (label, text), UCI's SMSSpamCollection, youtube_spam_dated.csv (timestamp, text, is_spam) or a file of UCI's
    YouTube collection (DATE, CONTENT, CLASS). Files with times are split by time and scored by month.

    \b
    Examples:
      samescore train spam -o spam.skops --sample texts.parquet
      samescore train spam --data youtube_spam_dated.csv -o spam.skops
    """

    def train(rows: int, progress: Any) -> Trained:
        from samescore_train import spam

        snapshot = spam.load(options["data"], options["seed"], options["simulate"], progress)
        return spam.fit(snapshot, options["seed"], rows, progress)

    _run(train, **options)


def _run(
    train: Callable[[int, Any], Trained], *, data: str | None, seed: int, simulate: bool, output: Path,
    sample: Path | None, sample_rows: int, as_json: bool,
) -> None:  # fmt: skip
    if simulate and data:
        raise click.UsageError("--simulate and --data exclude each other")
    if seed < 0:
        raise click.UsageError(f"--seed {seed}: a whole number from 0 on")
    from samescore_train.saving import check_sample_path, save_model, save_sample, writable

    writable(output, (".skops",))
    if sample is not None:
        check_sample_path(sample)
    begun = time.monotonic()

    def progress(step: str) -> None:
        click.echo(f"train: {step} ... ({time.monotonic() - begun:.1f} s)", err=True)

    trained = train(sample_rows, progress)
    progress("write")
    if sample is not None:
        save_sample(trained.sample, sample)
    save_model(trained.model, output)
    if as_json:
        click.echo(
            json.dumps({"scenario": trained.scenario, "model": output.name, **trained.provenance}, allow_nan=False)
        )
        return
    lines = trained.scores.lines()
    click.echo("\n".join([*lines[:-1], f"{trained.scenario}: {lines[-1]}"]))
