"""Labelling from file to file, against a real server on loopback."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

pytest.importorskip("openai", reason="needs the label extra")

from models.data import Row, read_source
from models.errors import DataError, LabelError
from models.label.order import LabelOrder
from models.label.price import SpentError
from models.label.run import label
from models.profile import SourceSpec, load_profile
from tests.command import ROOT, environment
from tests.models.label.conftest import HEADLINES, Ordered, printed
from tests.models.label.server import StubServer, answered, asked, labels_of, refusal, right, rows, says


def read(order: LabelOrder) -> list[Row]:
    """The labels file, through the reader that training uses."""
    return read_source(Path(), SourceSpec(name="labels", file=str(order.out), format="labels"), order.profile)


def test_a_text_file_becomes_a_labels_file(ordered: Ordered, server: StubServer, console: Console) -> None:
    """Training reads every row back with the labels that the server gave, and ids made of name and hash."""
    order = ordered()
    label(order, console)
    assert [(row.text, row.targets) for row in read(order)] == [(text, labels_of(text)) for text in HEADLINES]
    header, first = order.out.read_text("utf-8").splitlines()[:2]
    assert header == "id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc"
    assert first == f"texts-e562f644d507\ttexts\t\t{HEADLINES[0]}\thigh\tnegative\tcredit\t"
    assert not order.rejects_file.exists()
    assert "4 of 4" in printed(console)


def test_a_request_holds_guideline_schema_and_numbered_rows(
    ordered: Ordered, server: StubServer, console: Console, key: str
) -> None:
    """The guideline is the prompt, the schema has an enum per head, and temperature and a ceiling are set."""
    label(ordered(), console)
    body = server.bodies[0]
    assert body["messages"][0]["content"].startswith("# How to label\n\nBankruptcy is urgent.")
    assert asked(body) == [(1, HEADLINES[0]), (2, HEADLINES[1])]
    row = body["response_format"]["json_schema"]["schema"]["properties"]["rows"]["items"]
    assert row["properties"]["urgency"] == {"type": "string", "enum": ["low", "medium", "high"]}
    assert (body["model"], body["temperature"], server.keys[0]) == ("stub-1", 0.0, f"Bearer {key}")
    assert 100 < body["max_tokens"] < 400


def test_a_reasoning_model_is_asked_in_its_own_way(ordered: Ordered, server: StubServer, console: Console) -> None:
    """No temperature, and the tokens it may think with are part of ``max_completion_tokens``."""
    label(ordered(reasoning_tokens=2000), console)
    assert server.bodies[0]["max_completion_tokens"] > 2000
    assert not {"temperature", "max_tokens"} & server.bodies[0].keys()


def test_examples_are_shown_in_the_form_of_the_answer(
    ordered: Ordered, server: StubServer, console: Console, tmp_path: Path
) -> None:
    """Few-shot: one exchange before the rows, without a text that is itself to be labelled."""
    header = "id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc\n"
    known = f"a\tx\t\t{HEADLINES[0].upper()}\thigh\tnegative\tcredit\t\nb\tx\t\tQuiet day\tlow\tneutral\tother\t\n"
    (tmp_path / "examples.tsv").write_text(header + known, "utf-8")
    label(ordered(examples=tmp_path / "examples.tsv", shots=1), console)
    _, question, answer, _ = server.bodies[0]["messages"]
    assert question["content"] == "1: Quiet day"
    expected = {"rows": [{"row": 1, "urgency": "low", "sentiment": "neutral", "event": "other"}]}
    assert msgspec.json.decode(answer["content"]) == expected


def test_a_second_run_asks_nothing(ordered: Ordered, server: StubServer, console: Console) -> None:
    """Everything is in the cache: no request, no question, no key, and the same file."""
    order = ordered()
    label(order, console)
    first, count = order.out.read_bytes(), len(server.bodies)
    order.out.unlink()
    label(msgspec.structs.replace(order, yes=False), console)
    assert (order.out.read_bytes(), len(server.bodies)) == (first, count)


def test_another_guideline_asks_anew(ordered: Ordered, server: StubServer, console: Console) -> None:
    """The cache answers only for the prompt that was asked."""
    order = ordered()
    label(order, console)
    order.guideline.write_text("# Another\n", "utf-8")
    label(order, console)
    assert len(server.bodies) == 4


def test_a_killed_run_goes_on_where_it_was(ordered: Ordered, server: StubServer, console: Console, key: str) -> None:
    """SIGKILL while the second of two requests is out: the next run asks for its two rows and no others."""
    order, reached, release = ordered(), threading.Event(), threading.Event()

    def held(body: dict[str, Any]) -> Any:
        reached.set()
        release.wait(30)
        return right(body)

    server.acts.extend([right, held])
    with _started(order, key) as run:
        try:
            assert reached.wait(60)
        finally:
            run.kill()
            release.set()
    assert not order.out.exists()
    del server.bodies[:]
    label(order, console)
    assert [asked(body) for body in server.bodies] == [[(1, HEADLINES[2]), (2, HEADLINES[3])]]
    assert [row.targets for row in read(order)] == [labels_of(text) for text in HEADLINES]


def test_ctrl_c_keeps_what_is_done(ordered: Ordered, server: StubServer, key: str) -> None:
    """The labels file holds the rows that were answered, and the last line says how to go on."""
    order, reached, release = ordered(), threading.Event(), threading.Event()

    def held(body: dict[str, Any]) -> Any:
        reached.set()
        release.wait(30)
        return right(body)

    server.acts.extend([right, held])
    with _started(order, key) as run:
        try:
            assert reached.wait(60)
            run.send_signal(signal.SIGINT)
            _, error = run.communicate(timeout=60)
        finally:
            run.kill()
            release.set()
    assert run.returncode == 2
    assert b"error: stopped by hand; 2 of 4 rows are labelled, in " in error
    assert [bool(row.targets) for row in read(order)] == [True, True, False, False]


def _started(order: LabelOrder, key: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own, which can be killed."""
    command = [sys.executable, "-m", "models", "label", str(order.texts), "--guideline", str(order.guideline)]
    options = ["--out", str(order.out), "--rows", "2", "--concurrency", "1", "--model", order.server.model, "--yes"]
    variables = environment(OPENAI_API_KEY=key, OPENAI_BASE_URL=order.server.base_url)
    return subprocess.Popen(
        [*command, *options], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_rows_left_out_or_doubled_are_asked_again(ordered: Ordered, server: StubServer, console: Console) -> None:
    """Only they: the rows that were answered are kept."""
    server.acts.append(lambda body: rows(answered(body)[:1]))
    server.acts.append(right)
    server.acts.append(lambda body: rows(answered(body) + answered(body)[1:]))
    label(order := ordered(), console)
    assert [len(asked(body)) for body in server.bodies] == [2, 1, 2, 1]
    assert [row.targets for row in read(order)] == [labels_of(text) for text in HEADLINES]


def test_nonsense_is_asked_again_in_halves(ordered: Ordered, server: StubServer, console: Console) -> None:
    """Malformed JSON, an empty answer and a cut one are mended by the next try."""
    server.acts.extend([lambda _: says('{"rows": ['), right, lambda _: says(None)])
    label(order := ordered(rows=4), console)
    assert [len(asked(body)) for body in server.bodies] == [4, 2, 2, 1, 1]
    assert len(read(order)) == 4


def test_what_stays_nonsense_is_blank_counted_and_listed(
    ordered: Ordered, server: StubServer, console: Console
) -> None:
    """A row without a usable answer after three tries is blank in the labels file and named in the rejects file."""

    def partly(body: dict[str, Any]) -> Any:
        return rows([row | ({"event": "rumour"} if row["event"] == "credit" else {}) for row in answered(body)])

    server.usual = partly
    label(order := ordered(), console)
    assert [row.targets for row in read(order)] == [{}, *(labels_of(text) for text in HEADLINES[1:])]
    listed = order.rejects_file.read_text("utf-8").splitlines()
    assert listed[1].endswith(f"\t1\t{HEADLINES[0]}\tevent: unknown label 'rumour'")
    assert f"rows without a label: 1; {order.rejects_file} says why" in printed(console)
    server.usual = right
    label(order, console)
    assert not order.rejects_file.exists()


def test_a_server_that_only_talks_nonsense_is_given_up(ordered: Ordered, server: StubServer, console: Console) -> None:
    """No labels file; twenty rows without one usable answer end the run rather than the money."""
    server.usual = lambda _: says("I would rather not.")
    order = ordered()
    with pytest.raises(LabelError, match=r"not one usable answer \(the answer is not the JSON asked for"):
        label(order, console)
    assert not order.out.exists()
    order.texts.write_text("".join(f"Text {n}\n" for n in range(200)), "utf-8")
    del server.bodies[:]
    with pytest.raises(LabelError, match="20 rows and not one usable answer"):
        label(msgspec.structs.replace(order, rows=10), console)
    assert len(server.bodies) == 14


def test_the_limit_stops_before_it_is_exceeded(ordered: Ordered, server: StubServer, console: Console) -> None:
    """The server's usage is counted; what is done is kept, and a higher limit goes on from there."""
    order = ordered(price_in=1000.0, price_out=1000.0, limit=1.0, concurrency=4)
    with pytest.raises(
        SpentError, match=r"stopped before the limit: 0\.5000 is spent, .*; 2 of 4 rows are labelled.*higher --limit"
    ):
        label(order, console)
    assert [row.targets for row in read(order)] == [*(labels_of(text) for text in HEADLINES[:2]), {}, {}]
    label(msgspec.structs.replace(order, limit=5.0), console)
    assert len(server.bodies) == 2
    assert all(row.targets for row in read(order))


def test_usage_that_is_not_reported_is_estimated(ordered: Ordered, server: StubServer, console: Console) -> None:
    """A server without usage does not label for nothing."""
    server.usual = lambda body: says(msgspec.json.encode({"rows": answered(body)}).decode(), usage=None)
    label(ordered(price_in=1.0, price_out=1.0), console)
    assert "2 requests: their tokens are estimated" in printed(console)


def test_passes_vote(ordered: Ordered, server: StubServer, console: Console) -> None:
    """Three readings: the majority is the label, the share stands in the votes file, a three-way tie is blank."""
    readings = iter(["low", "high", "high", "low", "medium", "high"])

    def wavering(body: dict[str, Any]) -> Any:
        return rows([row | {"urgency": next(readings)} for row in answered(body)])

    server.usual = wavering
    order = ordered(passes=3, rows=1)
    order.texts.write_text("Orlonte Airways\nPelham Insurance\n", "utf-8")
    label(order, console)
    assert [row.targets.get("urgency") for row in read(order)] == ["high", None]
    votes = [line.split("\t")[1:3] for line in order.votes_file.read_text("utf-8").splitlines()[1:]]
    assert votes == [["0.67", "high 2, low 1"], ["0.33", "low 1, medium 1, high 1"]]
    label(msgspec.structs.replace(order, ties="first"), console)
    assert [row.targets["urgency"] for row in read(order)] == ["high", "low"]
    assert len(server.bodies) == 6


def test_agreement_is_shown_for_rows_in_common(
    ordered: Ordered, server: StubServer, console: Console, tmp_path: Path
) -> None:
    """By text where ids differ; three of four urgencies agree, which is kappa 0.6 here."""
    gold = zip(HEADLINES, ["high", "medium", "low", "medium"], strict=True)
    lines = "".join(f"g{n}\t{text}\t{urgency}\n" for n, (text, urgency) in enumerate(gold))
    (tmp_path / "gold.tsv").write_text("id\ttext\turgency\n" + lines, "utf-8")
    label(ordered(gold=tmp_path / "gold.tsv"), console)
    urgency = next(line for line in printed(console).splitlines() if "urgency" in line)
    assert [cell.strip() for cell in urgency.split("│")[1:-1]] == ["urgency", "4", "0.750", "0.636", "0.778"]


def test_a_refused_key_stops_at_once(ordered: Ordered, server: StubServer, console: Console, key: str) -> None:
    """One request, one line with the mend, and the key is not in it."""
    server.usual = refusal(401)
    with pytest.raises(LabelError, match="401: it does not take this key: set OPENAI_API_KEY") as error:
        label(order := ordered(), console)
    assert len(server.bodies) == 1
    assert key not in str(error.value) + printed(console)
    assert not order.out.exists()


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("guideline.md", "", r"guideline\.md: empty: write down what each label means"),
        ("guideline.md", None, r"guideline\.md: no such file; give the labelling guideline with --guideline"),
        ("texts.txt", "", r"texts\.txt: empty: no row to read"),
        ("texts.txt", None, r"texts\.txt: no such file"),
    ],
)
def test_bad_files_are_refused_before_a_request(
    name: str, body: str | None, says: str, ordered: Ordered, server: StubServer, console: Console
) -> None:
    """Each with the file and what to do."""
    order = ordered()
    path = order.out.with_name(name)
    path.unlink() if body is None else path.write_text(body, "utf-8")
    with pytest.raises(DataError, match=says):
        label(order, console)
    assert not server.bodies


def test_a_gold_file_of_other_rows_is_refused(ordered: Ordered, console: Console, tmp_path: Path) -> None:
    """It is found out before money is spent."""
    (tmp_path / "gold.tsv").write_text("text\turgency\nSomething else\thigh\n", "utf-8")
    with pytest.raises(DataError, match=r"gold\.tsv: no row has the id or the text of one in .*texts\.txt"):
        label(ordered(gold=tmp_path / "gold.tsv"), console)


def test_nothing_is_sent_without_consent(
    ordered: Ordered, server: StubServer, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal to answer at, and with any answer but yes, nothing goes out."""
    for typed in ("", "n\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(LabelError, match="nothing was sent: say y to the question, or give --yes"):
            label(ordered(yes=False), console)
    assert not server.bodies
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    label(ordered(yes=False), console)
    assert len(server.bodies) == 2


def test_a_blank_text_is_not_asked(ordered: Ordered, server: StubServer, console: Console) -> None:
    """It stays blank in its place, and among the rejects, with its line."""
    order = ordered(texts=ordered().out.with_name("texts.csv"))
    order.texts.write_text('id,text\na,"One\ttext"\nb,\n', "utf-8")
    label(order, console)
    assert asked(server.bodies[0]) == [(1, "One text")]
    assert [bool(row.targets) for row in read(order)] == [True, False]
    assert order.rejects_file.read_text("utf-8").splitlines()[1] == "b\t3\t\tthe text is empty"


def test_requests_run_side_by_side(ordered: Ordered, server: StubServer, console: Console) -> None:
    """As many as allowed, and never more."""
    flying, most, gate = 0, 0, threading.Lock()
    together = threading.Barrier(2)

    def counted(body: dict[str, Any]) -> Any:
        nonlocal flying, most
        with gate:
            flying, most = flying + 1, max(most, flying + 1)
        together.wait(20)
        with gate:
            flying -= 1
        return right(body)

    server.usual = counted
    label(ordered(rows=1, concurrency=2), console)
    assert (most, len(server.bodies)) == (2, 4)


def test_other_profiles_have_their_own_columns(
    ordered: Ordered, server: StubServer, console: Console, tmp_path: Path
) -> None:
    """Columns and enums follow the profile's heads; a joint event is not asked."""
    spec = load_profile("news")
    slim = msgspec.structs.replace(spec, heads={name: spec.heads[name] for name in ("event", "urgency")})
    label(order := ordered(profile=slim), console)
    lines = order.out.read_text("utf-8").splitlines()
    assert lines[0] == "id\tdataset\tstratum\ttext\tevent\turgency\tts_utc"
    assert lines[1].endswith("\tcredit\thigh\t")
    assert "sentiment" not in str(server.bodies[0]["response_format"])
