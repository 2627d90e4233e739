"""The command line of the offline half: arguments in, one call out.

Heavy imports stand inside the commands, so that ``--help`` and ``evaluate`` work without the training extra.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from engine.errors import FlashwireError
from models.errors import ModelsError
from models.order import Order
from models.profile import ARTIFACTS, SourceSpec, evaluation_set, load_profile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Make the model that the engine serves: train it, export it, judge it. "
    "`build` does all of it. Needs `pip install 'flashwire\\[train]'`; `evaluate` needs only the engine.",
)
console = Console(log_path=False)
_TRAIN = ("torch", "transformers", "optimum", "onnx", "polars", "sklearn", "matplotlib")
_EXTRA = dict.fromkeys(_TRAIN, "train") | {"openai": "label"}
_RULES = Path(__file__).resolve().parents[1] / "deploy" / "rules" / "default.yaml"
_BESIDE = Path(__file__).resolve().parents[2] / "shared"

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


@app.command("train")
def train_command(
    profile: ProfileName = "news", data: DataFolder = _BESIDE, run: RunFolder = None, sources: Sources = "all"
) -> None:
    """Fine-tune on the CPU: about half an hour on two cores. Stop it at any time; the same command goes on."""
    order = _order(profile, data, run, None, sources)
    from models.build import train

    _, rows = train(order)
    console.print(f"trained on {len(rows.train):,} rows, {len(rows.held_out):,} held out: {order.run}")


@app.command("export")
def export_command(
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """A finished run to an artefact: ONNX, fused, int8 and fp16, calibrated; a manifest without metrics."""
    order = _order(profile, data, run, out, sources)
    from models.build import draft, finish, trained

    finish(order, draft(order, *trained(order), console), {})
    console.print(f"artefact: {order.out}")


@app.command("evaluate")
def evaluate_command(
    labels: Annotated[Path | None, typer.Option(help="A labels file of your own.")] = None,
    on: Annotated[
        str, typer.Option("--on", help="An evaluation set of the profile, by its name.", show_default="the first")
    ] = "",
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    rules: Annotated[Path, typer.Option(help="Whose live rules say what an alert is.")] = _RULES,
    report: Annotated[Path | None, typer.Option(help="Also write one HTML page with intervals and plots.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write every figure to this file.")] = None,
) -> None:
    """Judge an artefact on labelled rows through the engine's own scorer, one row at a time."""
    from models.evaluate import evaluate_folder, per_class, summary

    spec = load_profile(profile)
    source = SourceSpec(labels.stem, str(labels.absolute()), "labels") if labels else evaluation_set(spec, on)
    folder = artifact or ARTIFACTS / spec.id
    if report or json:
        from models.evaluation.outputs import evaluate_fully

        heads = evaluate_fully(spec, folder, source, data, rules, report, json).heads
    else:
        heads = evaluate_folder(folder, data, source, spec)
    console.print(per_class(heads), summary({"int8": heads}, str(labels or source.name)))


@app.command("probes")
def probes_command(
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
    profile: ProfileName = "news",
) -> None:
    """Try an artefact on headlines written for its weak spots: negation, rumour, numbers, names; pass or fail each."""
    from engine.scoring.scorer import load_scorer
    from models.probe import probe, swaps_table, table
    from models.probe_set import PROBES

    spec = load_profile(profile)
    found = probe(load_scorer(artifact or ARTIFACTS / spec.id), spec)
    if not found:
        console.print(f"profile {spec.id} has no probes; write them to {PROBES / spec.id}.yaml")
        return
    console.print(table(found), swaps_table(found))


@app.command("card")
def card_command(
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
    profile: ProfileName = "news",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write.", show_default="docs/model-card.md for news")
    ] = None,
) -> None:
    """Write the model card from an artefact's manifest: data, licences, figures, limits and known failures."""
    from models.card import card_of, place_of

    spec = load_profile(profile)
    path = out or place_of(spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(card_of(artifact or ARTIFACTS / spec.id, spec), "utf-8")
    console.print(f"model card: {path}")


@app.command("build")
def build_command(
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """Everything: train (or go on), export, quantize, calibrate, judge, write. Exit 1 below a floor of the profile."""
    final = _order(profile, data, run, out, sources)
    order = msgspec.structs.replace(final, out=final.out.with_name(f"{final.out.name}.draft"))
    from models.build import draft, finish, train
    from models.evaluate import summary
    from models.verdict import below_floors, judge

    made = draft(order, *train(order), console)
    metrics = judge(order, made)
    finish(order, made, metrics)
    first = order.profile.evaluation[0].name
    for name in (source.name for source in order.profile.evaluation if source.of_product):
        console.print(summary(metrics[name], f"{order.profile.model} on {name}"))
    failed = below_floors(order.profile, metrics[first]["int8"])
    console.print("\n".join(failed) or f"every floor holds: {order.profile.floors}")
    if not failed:  # What ships is replaced only by what holds its floors.
        shutil.rmtree(final.out, ignore_errors=True)
        order.out.rename(final.out)
    console.print(f"artefact: {order.out if failed else final.out}")
    raise typer.Exit(1 if failed else 0)


@app.command("label")
def label_command(
    texts: Annotated[Path, typer.Argument(metavar="FILE", help="Texts: .tsv, .csv, .jsonl, or .txt with one a line.")],
    guideline: Annotated[Path, typer.Option(help="What each label means, in Markdown: it is the prompt.")],
    out: Annotated[Path, typer.Option(help="The labels file to write; cache, votes and rejects go beside it.")],
    profile: ProfileName = "news",
    model: Annotated[str, typer.Option(envvar="FLASHWIRE_LABEL_MODEL", help="The model's name at the server.")] = "",
    base_url: Annotated[
        str, typer.Option(envvar="OPENAI_BASE_URL", help="The server, mostly ending in /v1.")
    ] = "https://api.openai.com/v1",
    column: Annotated[str, typer.Option(help="The column or field that holds the text.")] = "text",
    dataset: Annotated[
        str, typer.Option(help="Names the rows that name no data set.", show_default="FILE's stem")
    ] = "",
    examples: Annotated[Path | None, typer.Option(help="A labels file that few-shot examples are drawn from.")] = None,
    shots: Annotated[int, typer.Option(min=0, help="How many examples, balanced over the labels.")] = 0,
    seed: Annotated[int, typer.Option(help="Draws the examples and the order of rows in later passes.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=100, help="Texts a request.")] = 10,
    passes: Annotated[int, typer.Option(min=1, max=25, help="Readings of each text; the majority decides.")] = 1,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, show_default="0 for one pass, 0.7 for several")
    ] = None,
    ties: Annotated[
        Literal["blank", "first"], typer.Option(help="A head without a majority: blank, or as first read.")
    ] = "blank",
    gold: Annotated[Path | None, typer.Option(help="A labels file to compare with, by id or text.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Where answers are kept.", show_default="OUT.cache.jsonl")] = None,
    price_in: Annotated[
        float | None, typer.Option(min=0.0, envvar="FLASHWIRE_LABEL_PRICE_IN", help="Money per million tokens sent.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option(min=0.0, envvar="FLASHWIRE_LABEL_PRICE_OUT", help="And per million answered.")
    ] = None,
    limit: Annotated[float | None, typer.Option(min=0.0, help="Stop before this much money is spent.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    form: Annotated[
        Literal["json-schema", "json-object"],
        typer.Option("--format", help="`json-object` for servers that take the schema so (llama-cpp-python)."),
    ] = "json-schema",
    reasoning_tokens: Annotated[
        int, typer.Option(min=0, help="For a model that thinks first: the tokens it may think per request.")
    ] = 0,
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds for one try.")] = 120.0,
    retries: Annotated[int, typer.Option(min=0, max=20, help="After 429, 5xx, timeouts, broken connections.")] = 6,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Requests in flight.")] = 4,
) -> None:
    """Labels when there are none: by a language model under a guideline. The key is taken from OPENAI_API_KEY."""
    from models.label.order import LabelOrder, Server
    from models.label.run import label

    heat = temperature if temperature is not None else (0.0 if passes == 1 else 0.7)
    server = Server(model, base_url, form, reasoning_tokens, heat, timeout, retries, concurrency)
    order = LabelOrder(
        texts=texts,
        guideline=guideline,
        out=out,
        profile=load_profile(profile),
        server=server,
        column=column,
        dataset=dataset,
        examples=examples,
        shots=shots,
        seed=seed,
        rows=rows,
        passes=passes,
        ties=ties,
        gold=gold,
        cache=cache,
        price_in=price_in,
        price_out=price_out,
        limit=limit,
        yes=yes,
    )
    label(order, console)


@app.command("thresholds")
def thresholds_command(
    score: Annotated[str, typer.Option(help="Any score of the artefact, such as trigger or urgency.high.")] = "trigger",
    cost_miss: Annotated[float | None, typer.Option(help="What a missed event costs; with --cost-false.")] = None,
    cost_false: Annotated[float | None, typer.Option(help="What a false alarm costs, in the same unit.")] = None,
    budget: Annotated[str | None, typer.Option(help="At most so many alerts: 20/day or 2/hour.")] = None,
    min_precision: Annotated[float | None, typer.Option(help="At least this share of alerts is true: 0.9.")] = None,
    items_per_day: Annotated[
        float | None,
        typer.Option(
            help="Items a day on your stream. Default: the profile's `items_per_day`; for news 2,400, measured: one "
            "newsroom and the press-release wires sent 443,249 headlines in 183 days, 1.7 a minute.",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Your own labelled rows, drawn at random from your stream. An evaluation set is refused.",
            show_default="the profile's held-out rows, weighted to the base rate",
        ),
    ] = None,
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    report: Annotated[Path | None, typer.Option(help="Write one self-contained HTML page with the plots.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure to this file.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Write the confidence and cost matrix as a rules file.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the cut-off into this rules file; with --rule.")] = None,
    rule: Annotated[str | None, typer.Option(help="The rule whose `when` has the condition on the score.")] = None,
) -> None:
    """Choose a cut-off: by --cost-miss and --cost-false, by --budget, or by --min-precision."""
    from models.thresholds.criterion import criterion_of, stream
    from models.thresholds.outputs import Outputs, deliver
    from models.thresholds.study import Wish, study

    spec = load_profile(profile)
    items = stream(spec, items_per_day)
    criterion = criterion_of(cost_miss, cost_false, budget, min_precision, items)
    outputs = Outputs(report, json, policy, write, rule)
    outputs.check(spec)
    deliver(
        *study(Wish(spec, data, artifact or ARTIFACTS / spec.id, score, criterion, items, labels)), outputs, console
    )


def main() -> None:
    """Run the command line; an error of ours is one line and exit code 2."""
    try:
        app()
    except (ModelsError, FlashwireError) as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        extra = _EXTRA.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _fail(f"{error.name} is not installed: pip install 'flashwire[{extra}]'")


def _order(profile: str, data: Path, run: Path | None, out: Path | None, sources: str) -> Order:
    spec = load_profile(profile)
    return Order(spec, data, run or Path("runs") / spec.id, out or ARTIFACTS / spec.id, sources == "stated-licence")


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
