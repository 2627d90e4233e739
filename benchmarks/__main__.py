"""The benchmarks' command line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks.quick import QuickConfig, measure, table
from deploy.kafka.broker import Broker

app = typer.Typer(name="benchmarks", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def _top() -> None:
    """The latency suite."""


@app.command()
def quick(
    turns: Annotated[int, typer.Option(help="How often engine and echo take turns.")] = 3,
    seconds: Annotated[float, typer.Option(help="How long a turn lasts.")] = 8.0,
    overrides: Annotated[list[str], typer.Option("--set", help="Override one key of the engine's.")] = [],  # noqa: B006
    out: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")] = Path("out/bench-quick.json"),
) -> None:
    """p50 and p99 from produce to alert at half of capacity, beside a bare echo, on a Kafka of its own."""
    console = Console()
    with TemporaryDirectory() as folder, Broker(Path(folder) / "kafka") as broker:
        config = QuickConfig(broker.bootstrap, Path(folder), overrides, turns=turns, seconds=seconds)
        result = measure(config, console)
    console.print(table(result))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    console.print(f"figures in {out}")


if __name__ == "__main__":
    app()
