"""Answers are taken row by row, and only where they are beyond doubt."""

from __future__ import annotations

import msgspec
import pytest

from models.label.answer import read_answer, response_format
from models.label.order import Heads

GOOD = '{"row": %d, "urgency": "low", "sentiment": "neutral", "event": "other"}'
LABELS = {"urgency": "low", "sentiment": "neutral", "event": "other"}


def _rows(*numbers: int) -> str:
    return '{"rows": [' + ", ".join(GOOD % number for number in numbers) + "]}"


def test_every_row_in_any_order(heads: Heads) -> None:
    """Labels stand under their row's number; fields that were not asked are left out."""
    found = read_answer(_rows(2, 1).replace('"row": 1', '"why": "x", "row": "1"'), 2, heads)
    assert (found.labels, found.faults) == ({1: LABELS, 2: LABELS}, {})


@pytest.mark.parametrize(
    "content", ["", "no", "[]", '{"rows": 3}', '{"rows": [1]}', '{"rows": [' + GOOD % 1, '{"labels": []}']
)
def test_malformed_answers_are_faults_of_every_row(content: str, heads: Heads) -> None:
    """Nothing is guessed from half an answer."""
    found = read_answer(content, 2, heads)
    assert found.labels == {}
    assert all("not the JSON asked for" in fault for fault in found.faults.values())
    assert list(found.faults) == [1, 2]


@pytest.mark.parametrize(
    ("content", "good", "faults"),
    [
        (_rows(1), [1], {2: "the answer leaves it out"}),
        (_rows(1, 2, 2), [1], {2: "the answer has it 2 times"}),
        (_rows(0, 1), [], dict.fromkeys([1, 2], "the answer has a row 0, which was not asked")),
        (_rows(1, 2, 3), [], dict.fromkeys([1, 2], "the answer has a row 3, which was not asked")),
        (_rows(1, 2).replace('"low"', '"dire"', 1), [2], {1: "urgency: unknown label 'dire'"}),
        (_rows(1, 2).replace('"low"', '["low"]', 1), [2], {1: "urgency: unknown label ['low']"}),
        (_rows(1, 2).replace(', "event": "other"', "", 1), [2], {1: "event: unknown label None"}),
    ],
)
def test_rows_in_doubt_are_faults(content: str, good: list[int], faults: dict[int, str], heads: Heads) -> None:
    """A missing, doubled or mislabelled row is one; numbering that may be shifted spoils them all."""
    found = read_answer(content, 2, heads)
    assert (list(found.labels), found.faults) == (good, faults)


@pytest.mark.parametrize("number", ["true", "1.5", "null", '"one"', '"' + "9" * 5000 + '"'])
def test_a_row_number_that_is_none(number: str, heads: Heads) -> None:
    """It is taken for a row that was not asked."""
    assert not read_answer(_rows(1).replace('"row": 1', f'"row": {number}'), 1, heads).labels


def test_a_fence_around_the_json_is_passed_over(heads: Heads) -> None:
    """Servers that ignore the demanded form wrap it so."""
    assert read_answer(f"Here you are:\n```json\n{_rows(1)}\n```", 1, heads).labels == {1: LABELS}


def test_both_forms_carry_the_enums(heads: Heads) -> None:
    """OpenAI's strict form has no bounds on the list, which some servers refuse; the grammar's form has."""
    strict = response_format(heads, 3, "json-schema")["json_schema"]
    grammar = response_format(heads, 3, "json-object")
    assert strict["strict"] is True
    listed = strict["schema"]["properties"]["rows"]
    assert listed["items"]["properties"]["sentiment"]["enum"] == heads["sentiment"]
    assert listed["items"]["properties"]["row"]["enum"] == [1, 2, 3]
    assert listed["items"]["required"] == ["row", *heads]
    assert grammar["type"] == "json_object"
    assert grammar["schema"]["properties"]["rows"] == listed | {"minItems": 3, "maxItems": 3}
    assert b"minItems" not in msgspec.json.encode(strict)
