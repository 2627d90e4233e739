"""Which words carried a score: the text is scored again without each of its words.

Occlusion (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2; for words Li,
Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure"): a word's weight is the
label's probability with it less the probability without it. A word is taken out, not replaced: what that ranks first
matters as much as what ``[UNK]`` ranks first and more than what ``[MASK]`` does (the other two being the judges), it
disturbs the score least where a word is nothing to it, and it asks nothing of a tokenizer. Figures: docs/explain.md.

In probability, because rules compare probabilities; log-odds would rank the words of one label alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from msgspec import Struct

from engine.ports import Scorer
from engine.types import Scores


class Span(Struct, frozen=True):
    """One word as it stands: ``text[start:end]``, in characters (Unicode code points)."""

    text: str
    start: int
    end: int


class Word(Struct, frozen=True, array_like=True):
    """One word and what it did to one score: above 0 it carried the label, below 0 it spoke against it.

    ``weight`` is a difference of probabilities, -1 to 1. A word behind ``Explanation.read`` has exactly 0.
    """

    text: str
    start: int
    end: int
    weight: float


class HeadExplanation(Struct, frozen=True):
    """One head: its likeliest label (none for a binary head), that label's probability, the words in order."""

    label: str | None
    score: float
    words: tuple[Word, ...]


class Explanation(Struct, frozen=True):
    """One text: every head by name, and how many of its characters the model read."""

    text: str
    read: int
    scores: Scores
    heads: dict[str, HeadExplanation]

    @property
    def cut(self) -> bool:
        """Whether the text has a word that the model did not read to its end."""
        return any(span.end > self.read for span in words_of(self.text))


def explain(scorer: Scorer, text: str, read: Callable[[str], int] = len) -> Explanation:
    """Score ``text`` and its variants without one word each, in one call: as many rows as words, and two.

    ``read`` gives the number of characters that the scorer reads of a text (``OnnxScorer.read``). What lies
    behind them stays out of the variants, or a removed word would let it in; a word that is cut counts as far as read.

    Raises:
        ScoringError: the model gave a score that is no number.
    """
    reach = read(text)
    head = text[:reach]
    spans = words_of(text)
    variants = [_without(head, span) for span in spans if span.start < reach]
    # A word cut in its middle may fall into other pieces, so differences are taken from the text as it is cut.
    whole, base, *others = scorer.score([text, head, *variants])
    heads = {name: _head(name, whole, base, others, spans) for name in _heads(whole)}
    return Explanation(text, reach, whole, heads)


def words_of(text: str) -> tuple[Span, ...]:
    """The words between white space and punctuation, in order.

    ``$AAPL``, ``12.5%``, ``U.S.``, ``AT&T`` and ``don't`` are one word each, ``full-year`` is two; so is each Han
    character, which nothing sets apart from the next. A run of emoji is a word, and so is one of ``?`` and ``!``,
    because they change what is said. Other punctuation belongs to no word.
    """
    kinds = "".join(map(_kind, text))
    return tuple(Span(text[m.start() : m.end()], m.start(), m.end()) for m in _WORD.finditer(kinds))


# Over the characters' kinds: abbreviations (U.S.), words and numbers with inner marks, Han, emoji, ?!.
_WORD = re.compile(r"\$?(?:(?:a\.){2,}(?:a(?!a))?|a+(?:\.a+)*)%?|h|e+|!+")
_MARKS = {".": ".", ",": ".", "'": ".", "\u2019": ".", "&": ".", "%": "%", "?": "!", "!": "!", "#": "$", "@": "$"}
_JOINERS = "\u200d\ufe0f"  # They glue one emoji together out of several.


def _kind(letter: str) -> str:
    """One letter for what a character is: a(lphanumeric), h(an), e(moji), or one of the marks; blank else."""
    if letter in _MARKS:
        return _MARKS[letter]
    if letter in _JOINERS:
        return "e"
    category = unicodedata.category(letter)
    if category[0] in "LMN":
        return "h" if unicodedata.name(letter, "").startswith("CJK ") else "a"
    if category == "Sc":
        return "$"
    return "e" if category[0] == "S" and not letter.isascii() else " "


def _without(text: str, span: Span) -> str:
    """The text less one word and the blank that would stand doubled."""
    before, after = text[: span.start], text[span.end :]
    return before + (after.lstrip() if not before or before[-1].isspace() else after)


def _heads(scores: Scores) -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] for name in scores))


def _head(head: str, whole: Scores, base: Scores, others: list[Scores], spans: tuple[Span, ...]) -> HeadExplanation:
    name = head if head in whole else max((n for n in whole if n.startswith(f"{head}.")), key=whole.__getitem__)
    weights = [base[name] - other[name] for other in others]
    weights += [0.0] * (len(spans) - len(weights))
    words = tuple(Word(s.text, s.start, s.end, weight) for s, weight in zip(spans, weights, strict=True))
    return HeadExplanation(name.partition(".")[2] or None, whole[name], words)
