"""The command line: arguments in, one call out."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from rich.console import Console
from rich.progress import Progress

from engine import __version__
from engine.config import EngineConfig, load_config, resolve_path
from engine.errors import ArtifactError, FlashwireError, StopError
from engine.located import nearest

EXIT_CODES = """Exit codes: 0 done; 1 unexpected error or unreadable input; 2 wrong arguments or configuration; 3 rules;
4 model artefact; 5 topics; 6 no broker; 7 another engine runs this pipeline; 8 drain took too long (nothing lost);
9 output cannot be written."""

app = typer.Typer(
    name="flashwire",
    help=f"Alerts trading desks to market-moving news, in milliseconds.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(help="Work with rules files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules_app, name="rules")

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Engine YAML; without it the defaults.")]
SetOption = Annotated[list[str], typer.Option("--set", help="Override one key, e.g. kafka.brokers=host:9092.")]
ArtifactOption = Annotated[str, typer.Option("--artifact", help="Folder of the model artefact.")]
_ARTIFACT = "models/artifacts/news"


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"flashwire {__version__}")
        raise typer.Exit


@app.command()
def run(config: ConfigOption = None, overrides: SetOption = []) -> None:  # noqa: B006  # typer copies it
    """Run the engine: news in, alerts out, until SIGTERM or the end of the input.

    SIGTERM and Ctrl-C drain: what was read is decided, acknowledged and committed, within drain_s.
    """
    from engine.app import run as run_engine

    raise typer.Exit(run_engine(_config(config, overrides)))


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(help="How long the replay takes.", min=0.1)] = 9.0,
    profile: Annotated[str, typer.Option("--profile", help="Which of them: news, tickets or tweets.")] = "news",
    feed: Annotated[
        Path | None,
        typer.Option(help="Another feed, a message a line; @now-3s stands for a stamp.", exists=True, dir_okay=False),
    ] = None,
    rules: Annotated[list[Path], typer.Option(help="Other rules files.")] = [],  # noqa: B006
    artifact: Annotated[str, typer.Option("--artifact", help="Folder of another model artefact.")] = "",
    picture: Annotated[Path | None, typer.Option(help="Save the last screen as an SVG.")] = None,
) -> None:
    """Watch alerts fire: a bundled feed through the real line, with no server."""
    from engine.demo import SHOWS, DemoConfig, Screen, read_feed, replay, summary
    from engine.rules import load_rules
    from engine.scoring.scorer import load_scorer
    from engine.watch.logs import configure

    if profile not in SHOWS:
        raise typer.BadParameter(f"no demo {profile!r}{nearest(profile, SHOWS)}", param_hint="--profile")
    configure("warning", "console")
    show = SHOWS[profile]
    feed, rules = feed or show.feed, rules or [show.rules]
    folder = resolve_path(artifact or show.artifact)
    if not folder.is_dir() and not artifact:
        raise ArtifactError(f"{folder}: no model yet for this demo: python -m models build --profile {profile}")
    scorer = load_scorer(folder)
    console = Console()
    if picture is not None:
        _opened(picture, "ab").close()  # Better refused now than after the replay.
    with Screen(console, len(read_feed(feed)), show) as screen:
        outcome = asyncio.run(
            replay(DemoConfig(feed, seconds), scorer, load_rules(rules, scorer.manifest.scores), screen)
        )
    console.print(summary(outcome))
    if picture is not None:
        screen.save(picture, summary(outcome))


@app.command()
def tail(
    config: ConfigOption = None,
    overrides: SetOption = [],  # noqa: B006
    severity: Annotated[str, typer.Option(help="The least severity: low, medium, high or critical.")] = "low",
    desk: Annotated[list[str], typer.Option(help="Only this desk; may be given again.")] = [],  # noqa: B006
    ticker: Annotated[list[str], typer.Option(help="Only this ticker; may be given again.")] = [],  # noqa: B006
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest alert kept.")] = False,
    expired: Annotated[bool, typer.Option("--expired", help="Show also what came past its expiry.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")] = False,
    limit: Annotated[int, typer.Option(help="Stop after so many alerts; 0 follows for ever.")] = 0,
) -> None:
    """Follow the alerts as a desk would, until Ctrl-C."""
    from engine.tail import SEVERITIES, TailConfig, follow

    if severity not in SEVERITIES:
        raise typer.BadParameter(f"{severity!r}; known: {', '.join(SEVERITIES)}", param_hint="--severity")
    wanted = TailConfig(severity, desk, ticker, from_start, expired, as_json, limit)
    asyncio.run(follow(_config(config, overrides).kafka, wanted))


@app.command()
def score(
    headlines: Annotated[list[str] | None, typer.Argument(help="Headlines to score.")] = None,
    source: Annotated[
        Path | None, typer.Option("--in", help='JSONL with {"id","headline"} a line; - is stdin.')
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="JSONL with every probability; default stdout.")] = None,
    artifact: ArtifactOption = _ARTIFACT,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which words carried each head: the score with them, less without.")
    ] = False,
) -> None:
    """Score headlines: every head's probabilities, calibrated, in the order given."""
    from engine import score as scoring
    from engine.scoring.scorer import load_scorer

    if not all(map(_is_text, headlines or ())):
        raise typer.BadParameter("not valid UTF-8", param_hint="HEADLINES")
    if bool(headlines) == (source is not None):
        raise typer.BadParameter("give headlines or --in FILE.jsonl", param_hint="HEADLINES")
    scorer = load_scorer(resolve_path(artifact))
    if headlines and out is None and not as_json and sys.stdout.isatty():
        Console().print(*scoring.screen(scorer, headlines, explain), sep="\n")
        return
    total = None
    if headlines:
        lines = iter([scoring.Line(number, text) for number, text in enumerate(headlines, start=1)])
    else:
        file = sys.stdin.buffer if str(source) == "-" else _opened(source, "rb")
        if source is not None and source.is_file():  # A pipe can be read only once.
            if out is not None and out.exists() and out.samefile(source):
                raise typer.BadParameter("is the file that --in reads", param_hint="--out")
            total = source.read_bytes().count(b"\n")
        lines = scoring.read_lines(file, "stdin" if str(source) == "-" else str(source))
    target = sys.stdout.buffer if out is None else _opened(out, "wb")
    quiet = source is None or not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("scoring", total=total)
        judge = scoring.with_words(scorer) if explain else scoring.plain(scorer)
        scoring.score_lines(judge, lines, target.write, lambda count: progress.advance(task, count))
    target.flush()


@rules_app.command("check")
def rules_check(
    files: Annotated[list[Path], typer.Argument(help="Rules files, checked as one set.")],
    artifact: ArtifactOption = _ARTIFACT,
) -> None:
    """Check rules files as the engine would: exit code 3 and file:line:column: reason for the first mistake."""
    from engine.rules import load_rules
    from engine.scoring.manifest import load_manifest

    found = load_rules(files, load_manifest(resolve_path(artifact)).scores)
    modes = [rule.mode for rule in found.rules]
    counts = ", ".join(f"{modes.count(mode)} {mode}" for mode in dict.fromkeys(modes))
    typer.echo(f"{len(found.rules)} rules: {counts or 'none'}; sha {found.sha}")


def _config(path: Path | None, overrides: list[str]) -> EngineConfig:
    return load_config(path, overrides, os.environ)


def _is_text(argument: str) -> bool:
    """Whether the argument's bytes were UTF-8; Python lets others through as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)


def _opened(path: Path | None, mode: str) -> BinaryIO:
    try:
        return cast("BinaryIO", Path(str(path)).open(mode))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None


def main() -> None:
    """Entry point: an error of ours is one line on standard error and its own exit code."""
    try:
        app(prog_name="flashwire")
    except StopError as error:
        typer.echo(f"flashwire: {error}", err=True)
        sys.exit(error.code)
    except FlashwireError as error:
        typer.echo(f"flashwire: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)


if __name__ == "__main__":
    main()
