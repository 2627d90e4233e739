"""The form an answer must have, demanded from the server and checked all the same."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec
from msgspec import Struct

from models.label.order import Heads


class Answer(Struct):
    """Labels by row number, and what is wrong with the rows that have none."""

    labels: dict[int, dict[str, str]]
    faults: dict[int, str]


class _Rows(Struct):
    rows: list[dict[str, Any]]


def response_format(heads: Heads, rows: int, kind: Literal["json-schema", "json-object"]) -> dict[str, Any]:
    """The request's ``response_format`` for an answer of ``rows`` rows: an enum for each head and the row numbers.

    ``json-schema`` is OpenAI's strict form, which some servers take without bounds on arrays only. ``json-object`` is
    that of llama-cpp-python, which turns the schema into a grammar; there the bounds end the list of a small model.
    """
    row = {"row": {"type": "integer", "enum": list(range(1, rows + 1))}}
    row |= {head: {"type": "string", "enum": labels} for head, labels in heads.items()}
    listed: dict[str, Any] = {"type": "array", "items": _object(row)}
    if kind == "json-schema":
        schema = {"name": "labels", "strict": True, "schema": _object({"rows": listed})}
        return {"type": "json_schema", "json_schema": schema}
    bounded = listed | {"minItems": rows, "maxItems": rows}
    return {"type": "json_object", "schema": _object({"rows": bounded})}


def read_answer(content: str, rows: int, heads: Heads) -> Answer:
    """Take what can be used of an answer to ``rows`` rows; missing and doubled rows and unknown labels are faults.

    A row number that was not asked makes the whole answer one.

    Text around the JSON (a fence, a preface) is passed over: a server that ignores ``response_format`` adds it.
    """
    body = content[content.find("{") : content.rfind("}") + 1]
    try:
        found = msgspec.json.decode(body, type=_Rows).rows
    except msgspec.DecodeError as error:
        return Answer({}, dict.fromkeys(range(1, rows + 1), f"the answer is not the JSON asked for: {error}"))
    numbers = Counter(_number(entry) for entry in found)
    answer = Answer({}, {})
    for entry in found:
        fault = _fault(entry, heads)
        if fault:
            answer.faults[_number(entry)] = fault
        else:
            answer.labels[_number(entry)] = {head: entry[head] for head in heads}
    return _checked(answer, numbers, rows)


def _checked(answer: Answer, numbers: Counter[int], rows: int) -> Answer:
    asked = range(1, rows + 1)
    unknown = sorted(number for number in numbers if number not in asked)
    if unknown:  # Numbering that is off by one would give every row its neighbour's labels.
        return Answer({}, dict.fromkeys(asked, f"the answer has a row {unknown[0]}, which was not asked"))
    for number in asked:
        if numbers[number] > 1:
            answer.faults[number] = f"the answer has it {numbers[number]} times"
        elif not numbers[number]:
            answer.faults[number] = "the answer leaves it out"
    kept = {number: labels for number, labels in sorted(answer.labels.items()) if number not in answer.faults}
    return Answer(kept, dict(sorted(answer.faults.items())))


def _number(entry: dict[str, Any]) -> int:
    """The entry's row number; -1, which is never asked, for what is no number."""
    number = entry.get("row")
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 9:
        return int(number)
    return number if isinstance(number, int) and not isinstance(number, bool) else -1


def _fault(entry: dict[str, Any], heads: Heads) -> str:
    for head, labels in heads.items():
        if entry.get(head) not in labels:
            return f"{head}: unknown label {entry.get(head)!r}"
    return ""


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
