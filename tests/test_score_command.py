"""``flashwire score``: headlines in, probabilities out, in their order."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import SchemaError
from engine.score import plain, read_lines, score_lines
from engine.scoring.scorer import OnnxScorer, load_scorer
from tests.command import COMMAND, ROOT, environment, flashwire

HEADLINES = ["Acme files for chapter 11 bankruptcy", "Beta opens a second shop in Lyon"]


@pytest.fixture(scope="module")
def scorer() -> OnnxScorer:
    """The scorer that serves."""
    return load_scorer(ROOT / "models/artifacts/news")


def lines(output: bytes) -> list[dict[str, Any]]:
    """JSON lines, decoded."""
    return [orjson.loads(line) for line in output.splitlines()]


def to_jsonl(rows: list[dict[str, Any]]) -> bytes:
    """JSON lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


@pytest.mark.parametrize("option", [[], ["--json"]], ids=["piped", "--json"])
def test_headlines_as_arguments(scorer: OnnxScorer, option: list[str]) -> None:
    """Off a terminal, or where asked for, a JSON line each, numbered from 1, with the scores that serve."""
    done = flashwire("score", *option, *HEADLINES)
    assert done.returncode == 0, done.stderr.decode()
    expected = scorer.score(HEADLINES)
    assert lines(done.stdout) == [{"id": number, "scores": scores} for number, scores in enumerate(expected, start=1)]
    assert done.stderr == b""


def test_a_file_keeps_its_order(scorer: OnnxScorer, tmp_path: Path) -> None:
    """Five hundred lines, scored on every core, come out in their order with their ids, texts or numbers."""
    rows = [
        {"id": number if number % 2 else f"n{number}", "headline": f"{HEADLINES[number % 2]} {number}"}
        for number in range(500)
    ]
    (tmp_path / "in.jsonl").write_bytes(to_jsonl(rows))
    done = flashwire("score", "--in", f"{tmp_path}/in.jsonl", "--out", f"{tmp_path}/out.jsonl")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b""
    found = lines((tmp_path / "out.jsonl").read_bytes())
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    for place in (0, 63, 64, 255, 256, 499):
        assert found[place]["scores"] == scorer.score([str(rows[place]["headline"])])[0]


def test_standard_input(scorer: OnnxScorer) -> None:
    """``--in -`` reads standard input; blank lines and unknown fields are passed over, a last line needs no end."""
    rows = b'{"id":"a","headline":"%s","body":{"x":[1]}}\r\n\n  \n{"headline":"%s","id":7,"id2":null}' % (
        HEADLINES[0].encode(),
        HEADLINES[1].encode(),
    )
    done = flashwire("score", "--in", "-", stdin=rows)
    assert done.returncode == 0, done.stderr.decode()
    expected = scorer.score(HEADLINES)
    assert lines(done.stdout) == [{"id": "a", "scores": expected[0]}, {"id": 7, "scores": expected[1]}]


def test_an_empty_input_is_an_empty_output() -> None:
    """No lines, no scores, exit code 0."""
    done = flashwire("score", "--in", "-")
    assert (done.returncode, done.stdout) == (0, b"")


BAD = [
    (b"not json", "JSON is malformed"),
    (b"[]", "Expected `object`, got `array`"),
    (b'{"id":"a"}', "missing required field `headline`"),
    (b'{"headline":"x"}', "missing required field `id`"),
    (b'{"id":"a","headline":7}', "Expected `str`, got `int` - at `$.headline`"),
    (b'{"id":1.5,"headline":"x"}', "Expected `int | str`, got `float` - at `$.id`"),
    (b'{"id":"a","headline":"caf\xe9"}', "can't decode byte 0xe9"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_line_is_refused(bad: bytes, reason: str) -> None:
    """The error names file, line, reason and what a line should be."""
    found = read_lines(io.BytesIO(b'{"id":"a","headline":"x"}\n\n' + bad + b"\n"), "in.jsonl")
    assert next(found).id == "a"
    with pytest.raises(SchemaError) as raised:
        next(found)
    message = str(raised.value)
    assert message.startswith("in.jsonl:3: ")
    assert reason in message
    assert message.endswith('a line is {"id": "…", "headline": "…"}')


def test_a_bad_line_ends_the_command(tmp_path: Path) -> None:
    """Exit code 1, and one line that names file and line."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"id":"a","headline":"x"}\nnot json\n')
    done = flashwire("score", "--in", str(path))
    assert done.returncode == 1
    (line,) = done.stderr.decode().strip().splitlines()
    assert line.startswith(f"flashwire: {path}:2: JSON is malformed")


def test_an_id_of_any_size_comes_back(scorer: OnnxScorer) -> None:
    """An id that is a large number is scored like any other, or refused by its line."""
    found: list[bytes] = []
    rows = read_lines(io.BytesIO(b'{"id":99999999999999999999,"headline":"x"}'), "in.jsonl")
    score_lines(plain(scorer), rows, found.append, lambda _: None)
    assert b"99999999999999999999" in found[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give headlines or --in FILE.jsonl"),
        (["a headline", "--in", "-"], "give headlines or --in FILE.jsonl"),
        (["--in", "{}/nowhere.jsonl"], "nowhere.jsonl: No such file or directory"),
        (["--in", "{}"], "Is a directory"),
        (["a headline", "--out", "{}/nowhere/out.jsonl"], "nowhere/out.jsonl: No such file or directory"),
    ],
    ids=["neither", "both", "missing", "a folder", "no place to write"],
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Exit code 2, and a message that names what is wrong."""
    done = flashwire("score", *(text.format(tmp_path) for text in arguments))
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_reader_that_leaves_ends_the_command(tmp_path: Path) -> None:
    """``flashwire score … | head -1`` shows no traceback."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(to_jsonl([{"id": number, "headline": "x"} for number in range(300)]))
    with subprocess.Popen(
        [*COMMAND, "score", "--in", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"id":0,')
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_named_pipe_is_read() -> None:
    """``--in <(command)`` and ``--in /dev/stdin`` score what comes."""
    done = flashwire("score", "--in", "/dev/stdin", stdin=to_jsonl([{"id": 1, "headline": "x"}]))
    assert done.returncode == 0
    assert [row["id"] for row in lines(done.stdout)] == [1]


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    """``--out`` that is the same file as ``--in`` is refused, or works; the headlines are not lost."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(to_jsonl([{"id": 1, "headline": "x"}]))
    flashwire("score", "--in", str(path), "--out", os.path.join(str(tmp_path), ".", "in.jsonl"))
    assert path.read_bytes() != b""


def test_an_argument_that_is_not_utf8_is_refused() -> None:
    """A headline that is no text is a wrong argument, not an unexpected error."""
    command = [os.fsencode(part) for part in (*COMMAND, "score")] + [b"caf\xe9"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment(), timeout=30, check=False)
    assert b"Traceback" not in done.stderr
