"""Labelling texts through an API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from models.commands.options import ProfileName, app, console
from models.profile import load_profile


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
