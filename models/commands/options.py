"""What the commands share: the application they hang on, where they print, and options that several have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from models.order import Order
from models.profile import ARTIFACTS, load_profile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Make the model that the engine serves: train it, export it, judge it. "
    "`build` does all of it. Needs `pip install 'flashwire\\[train]'`; "
    "`evaluate` without `--report` and `--json` needs only the engine.",
)
console = Console(log_path=False)
BESIDE = Path(__file__).resolve().parents[3] / "shared"

ProfileName = Annotated[str, typer.Option("--profile", help="A name under models/profiles, or a path to a YAML file.")]
DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="FLASHWIRE_DATA", help="The folder that the profile's paths are relative to."),
]
RunFolder = Annotated[
    Path | None, typer.Option("--run", help="Where the checkpoint lies or will lie.", show_default="runs/PROFILE")
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Where the artefact goes.", show_default="models/artifacts/PROFILE")
]
Sources = Annotated[
    Literal["all", "stated-licence"],
    typer.Option("--sources", help="`stated-licence` leaves out text whose source states no licence."),
]
ArtifactFolder = Annotated[
    Path | None, typer.Option("--artifact", help="An artefact's folder.", show_default="models/artifacts/PROFILE")
]


def order_of(profile: str, data: Path, run: Path | None, out: Path | None, sources: str) -> Order:
    """The order that the options describe; what is not given is named after the profile."""
    spec = load_profile(profile)
    return Order(spec, data, run or Path("runs") / spec.id, out or ARTIFACTS / spec.id, sources == "stated-licence")
