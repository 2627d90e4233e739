"""What the quant sees: the estimate before, progress meanwhile, the figures after."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from models.label.agreement import Agreement
from models.label.order import LabelOrder
from models.label.output import Votes
from models.label.plan import Plan
from models.label.price import Estimate, Price
from models.label.work import Tally


def estimate_table(order: LabelOrder, rows: int, plan: Plan, cost: Estimate, price: Price) -> Table:
    """Rows, requests, tokens and money, and whom the text is sent to."""
    asked = order.passes * len(plan.jobs)
    table = _plain("before it starts")
    table.add_row("rows", f"{rows:,} ({len(plan.jobs):,} different texts; passes: {order.passes})")
    table.add_row("answers in the cache", f"{asked - plan.pending:,} of {asked:,}")
    table.add_row("sent to", escape(f"{order.server.model} at {order.server.address}"))
    table.add_row("requests", f"{cost.requests:,}")
    table.add_row("tokens, about", f"{cost.tokens_in:,} in, {cost.tokens_out:,} out")
    table.add_row("money, about", _money(cost.money) if price.known else "not known: give --price-in and --price-out")
    if order.limit is not None:
        reach = f", which is {order.limit / cost.money:.0%} of the estimate" if cost.money > order.limit else ""
        table.add_row("limit", _money(order.limit) + reach)
    return table


def progress(console: Console) -> Progress:
    """A bar of readings done."""
    words = TextColumn("{task.description}")
    return Progress(words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console)


def doing(tally: Tally, spent: float, price: Price) -> str:
    """The bar's words: tokens, money and retries so far."""
    money = f", {_money(spent)}" if price.known else ""
    return f"labelling: {tally.tokens_in + tally.tokens_out:,} tokens{money}, {tally.retries} retries"


def summary_table(tally: Tally, blank: int, rows: int, spent: float, cost: Estimate, price: Price) -> Table:
    """What was done, beside what was estimated."""
    table = _plain("done")
    table.add_row("rows labelled", f"{rows - blank:,} of {rows:,}")
    table.add_row("requests", f"{tally.requests:,} (estimated {cost.requests:,}), {tally.retries} retries")
    table.add_row("tokens in", f"{tally.tokens_in:,} (estimated {cost.tokens_in:,})")
    table.add_row("tokens out", f"{tally.tokens_out:,} (estimated {cost.tokens_out:,})")
    if price.known:
        table.add_row("money", f"{_money(spent)} (estimated {_money(cost.money)})")
    if tally.unreported:
        table.add_row("without usage", f"{tally.unreported:,} requests: their tokens are estimated")
    return table


def votes_table(votes: Votes, ties: str) -> Table:
    """Per head: the mean share of votes for the winner, rows of one mind, and ties."""
    fate = "left blank" if ties == "blank" else "given to the earlier pass"
    table = Table("head", "mean share", "of one mind", "ties", title="self-consistency", caption=f"ties are {fate}")
    for head in next(iter(votes.values()), {}):
        cast = [of[head] for of in votes.values()]
        share, whole = sum(one.share for one in cast) / len(cast), sum(one.share == 1 for one in cast)
        table.add_row(head, f"{share:.3f}", f"{whole:,} of {len(cast):,}", f"{sum(one.tied for one in cast):,}")
    return table


def agreement_table(report: dict[str, Agreement], name: str) -> Table:
    """Per head: accuracy, Cohen's kappa and macro-F1 against the gold file."""
    table = Table("head", "rows", "accuracy", "kappa", "macro-F1", title=f"agreement with {name}")
    for head, found in report.items():
        table.add_row(head, f"{found.rows:,}", *_figures([found.accuracy, found.kappa, found.macro_f1]))
    return table


def _figures(values: Sequence[float]) -> list[str]:
    return ["-" if math.isnan(value) else f"{round(value, 3) + 0.0:.3f}" for value in values]  # + 0.0: no "-0.000".


def _plain(title: str) -> Table:
    return Table("", "", title=title, show_header=False)


def _money(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.4f}"
