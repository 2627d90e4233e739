"""Label a file: read and check everything, say what it costs, ask, write what came of it."""

from __future__ import annotations

import asyncio

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from models.errors import DataError, LabelError, ModelsError
from models.label.agreement import Gold, agreement
from models.label.cache import Cache
from models.label.client import Client
from models.label.examples import draw
from models.label.order import Heads, LabelOrder, asked_heads, check
from models.label.output import Votes, write_labels, write_rejects, write_votes
from models.label.plan import Plan, make_plan
from models.label.price import Estimate, Price, Purse, SpentError, estimate
from models.label.prompt import Prompt, make_prompt, read_guideline
from models.label.screen import agreement_table, doing, estimate_table, progress, summary_table, votes_table
from models.label.texts import Text, normal, read_labelled, read_texts
from models.label.vote import decide
from models.label.work import Tally, Work


class Inputs(Struct, frozen=True):
    """Everything that was read, checked."""

    heads: Heads
    texts: list[Text]
    prompt: Prompt
    gold: Gold | None
    price: Price


class Outcome(Struct, frozen=True):
    """What a run came to: the votes by text, what it did and spent, and why it stopped early, if it did."""

    votes: Votes
    tally: Tally
    spent: float
    stopped: ModelsError | None


def label(order: LabelOrder, console: Console) -> None:
    """Do what the order says.

    Raises:
        ModelsError: something is refused before it starts, or it stopped early; then what is done is kept, in the
            cache and in the labels file, and the message says so.
    """
    check(order)
    inputs = read_inputs(order)
    fingerprint = inputs.prompt.fingerprint(order.server.model, order.server.temperature)
    with Cache(order.cache_file, order.server.model) as cache:
        texts = [one.text for one in inputs.texts]
        plan = make_plan(texts, order.passes, order.rows, fingerprint, order.seed, cache.get)
        batches = [[job.text for job in batch] for batch in plan.batches]
        cost = estimate(batches, inputs.prompt, inputs.heads, inputs.price, order.server.reasoning_tokens)
        console.print(estimate_table(order, len(texts), plan, cost, inputs.price))
        outcome = ask(order, inputs, plan, cache, console)
    finish(order, inputs, plan, outcome, cost, console)


def read_inputs(order: LabelOrder) -> Inputs:
    """Read every file that the order names.

    Raises:
        DataError: one is missing or malformed, or the gold file shares no row with the texts.
        ProfileError: the profile has no head to ask for.
    """
    heads = asked_heads(order.profile)
    guideline = read_guideline(order.guideline)
    texts = read_texts(order.texts, order.column, order.dataset)
    gold = Gold(read_labelled(order.gold, heads)) if order.gold else None
    if gold and not any(gold.find(one.id, one.text) for one in texts):
        raise DataError(f"{order.gold}: no row has the id or the text of one in {order.texts}: give another --gold")
    examples = []
    if order.examples and order.shots:
        rows = read_labelled(order.examples, heads)
        examples = draw(rows, heads, order.shots, order.seed, {normal(one.text) for one in texts})
    prompt = make_prompt(guideline, heads, examples)
    return Inputs(heads, texts, prompt, gold, Price(order.price_in, order.price_out))


def ask(order: LabelOrder, inputs: Inputs, plan: Plan, cache: Cache, console: Console) -> Outcome:
    """Ask for what the cache lacks, then count the votes of all there is.

    Raises:
        LabelError: there is no key, or the question whether to send was not answered with yes.
    """
    tally, purse, stopped = Tally(), Purse(order.limit), None
    if plan.pending:
        client = Client(order.server)
        _confirm(order, console)
        with progress(console) as bar:
            task = bar.add_task(doing(tally, 0.0, inputs.price), total=plan.pending)

            def advance(jobs: int) -> None:
                bar.update(task, advance=jobs, description=doing(tally, purse.spent, inputs.price))

            work = Work(client, order.server, inputs.prompt, inputs.heads, inputs.price, cache, purse, tally, advance)
            stopped = _run(work, plan)
    return Outcome(_votes(order, plan, cache), tally, purse.spent, stopped)


def finish(order: LabelOrder, inputs: Inputs, plan: Plan, outcome: Outcome, cost: Estimate, console: Console) -> None:
    """Write the files, print the figures, and raise what stopped the run, if anything did."""
    texts, votes = inputs.texts, outcome.votes
    blank = sum(one.text not in votes for one in texts)
    rejects = write_rejects(order.rejects_file, texts, _reasons(inputs, plan, outcome))
    if votes:
        write_labels(order.out, texts, votes, inputs.heads)
        if order.passes > 1:
            write_votes(order.votes_file, texts, votes, inputs.heads)
            console.print(votes_table(votes, order.ties))
        _compare(order, inputs, votes, console)
    if votes or outcome.tally.requests:
        console.print(summary_table(outcome.tally, blank, len(texts), outcome.spent, cost, inputs.price))
    _say(f"labels: {order.out}" if votes else "", console)
    _say(f"rows without a label: {rejects:,}; {order.rejects_file} says why" if rejects else "", console)
    _stop(order, outcome, len(texts) - blank, len(texts))


def _run(work: Work, plan: Plan) -> ModelsError | None:
    try:
        asyncio.run(work.run(plan.batches))
    except KeyboardInterrupt:
        return LabelError("stopped by hand")
    except ModelsError as error:
        return error
    return None


def _confirm(order: LabelOrder, console: Console) -> None:
    if order.yes:
        return
    try:
        agreed = Confirm.ask(f"Send them to {escape(order.server.address)}?", console=console, default=False)
    except EOFError:
        agreed = False
    if not agreed:
        raise LabelError("nothing was sent: say y to the question, or give --yes")


def _votes(order: LabelOrder, plan: Plan, cache: Cache) -> Votes:
    decided = {
        text: decide([cache.get(job.key) for job in jobs], order.passes, order.ties) for text, jobs in plan.jobs.items()
    }
    return {text: votes for text, votes in decided.items() if votes is not None}


def _reasons(inputs: Inputs, plan: Plan, outcome: Outcome) -> dict[str, str]:
    """Why a text has no label although it was asked: its first reject; blank texts are never asked."""
    found: dict[str, str] = {one.text: "the text is empty" for one in inputs.texts if not one.text}
    for text, jobs in plan.jobs.items():
        why = [outcome.tally.rejects[job.key] for job in jobs if job.key in outcome.tally.rejects]
        if why and text not in outcome.votes:
            found[text] = why[0]
    return found


def _compare(order: LabelOrder, inputs: Inputs, votes: Votes, console: Console) -> None:
    if inputs.gold is None or order.gold is None:
        return
    found = [(inputs.gold.find(one.id, one.text), votes[one.text]) for one in inputs.texts if one.text in votes]
    pairs = [(gold.labels, {head: of.label for head, of in vote.items()}) for gold, vote in found if gold]
    console.print(agreement_table(agreement(pairs, inputs.heads, order.profile), order.gold.name))


def _say(line: str, console: Console) -> None:
    if line:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _stop(order: LabelOrder, outcome: Outcome, labelled: int, rows: int) -> None:
    error = outcome.stopped
    if error is None and not outcome.votes:
        reason = next(iter(outcome.tally.rejects.values()), "every text is empty")
        error = LabelError(f"{order.server.address}: not one usable answer ({reason})")
    if error is None:
        return
    kept = f"{labelled:,} of {rows:,} rows are labelled" + (f", in {order.out}" if labelled else "")
    if isinstance(error, SpentError):
        far = f"stopped before the limit: {outcome.spent:.4f} is spent, {error}"
        raise SpentError(f"{far}; {kept}; a higher --limit goes on from here")
    raise LabelError(f"{error}; {kept}" + ("; the same command goes on from here" if labelled else ""))
