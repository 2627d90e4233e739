"""The client against a server that fails in every way that servers do."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from rich.console import Console
from starlette.responses import JSONResponse, PlainTextResponse, Response

pytest.importorskip("openai", reason="needs the label extra")

from models.errors import LabelError
from models.label.run import label
from tests.models.label.conftest import Ordered, printed
from tests.models.label.server import Act, StubServer, asked, refusal, right, says


def test_retry_after_is_waited_for(ordered: Ordered, server: StubServer, console: Console) -> None:
    """A server that says 429 and when to come again is not knocked at before then."""
    opens, early = time.monotonic() + 3600, []

    def busy(_: dict[str, Any]) -> Response:
        nonlocal opens
        opens = time.monotonic() + 1
        return refusal(429, retry_after="1")({})

    def open_later(body: dict[str, Any]) -> Response:
        early.append(time.monotonic() < opens)
        return right(body)

    server.acts.extend([busy, open_later])
    label(ordered(), console)
    assert (early, len(server.bodies)) == ([False], 3)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_retried(status: int, ordered: Ordered, server: StubServer, console: Console) -> None:
    """Twice refused and then answered: every row has its label, and the retries are counted."""
    server.acts.extend([refusal(status, retry_after_ms="1")] * 2)
    order = ordered()
    label(order, console)
    assert len(server.bodies) == 4
    assert "2 retries" in printed(console)


def test_without_a_hint_it_backs_off_by_itself(ordered: Ordered, server: StubServer, console: Console) -> None:
    """A bare 500 is tried again, too."""
    server.acts.append(refusal(500))
    label(ordered(), console)
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("act", "requests", "message"),
    [
        (refusal(500, retry_after_ms="1"), 3, "500: stub says 500: after 3 tries; what is done is kept: try later"),
        (refusal(429, retry_after="9000"), 1, r"429: .*try later \(Retry-After: 9000\)"),
        (refusal(429, "insufficient_quota", retry_after_ms="1"), 3, "the account is out of money"),
        (refusal(404), 1, "404: no such path, or no model 'stub-1': check OPENAI_BASE_URL"),
        (refusal(400), 1, "400: stub says 400: if it is the form of the answer, give --format json-object"),
        (refusal(422, "", says="response_format?"), 1, r"response_format\?: it does not know this form: give --format"),
        (refusal(403), 1, "403: it does not take this key"),
    ],
)
def test_what_no_retry_mends_stops_with_one_line(
    act: Act, requests: int, message: str, ordered: Ordered, server: StubServer, console: Console
) -> None:
    """The status, what to change, and how far it got; no labels file where nothing is labelled."""
    server.usual = act
    with pytest.raises(LabelError, match=message) as error:
        label(order := ordered(), console)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("0 of 4 rows are labelled")
    assert len(server.bodies) == requests
    assert not order.out.exists()


def test_a_server_that_breaks_half_way_leaves_what_was_done(
    ordered: Ordered, server: StubServer, console: Console
) -> None:
    """The first request's rows are in the labels file, and the message says how to go on."""
    server.acts.append(right)
    server.usual = refusal(500, retry_after_ms="1")
    order = ordered()
    with pytest.raises(LabelError, match=r"2 of 4 rows are labelled, in .*labels\.tsv; the same command goes on"):
        label(order, console)
    assert order.out.read_text("utf-8").count("\tcredit\t") == 1


def test_a_refusal_of_one_text_is_that_texts_alone(ordered: Ordered, server: StubServer, console: Console) -> None:
    """A content filter's 400 does not stop the run: the text that it is about becomes a reject."""

    def filtered(body: dict[str, Any]) -> Response:
        filters = any("bankruptcy" in text for _, text in asked(body))
        return refusal(400, "content_filter")(body) if filters else right(body)

    server.usual = filtered
    order = ordered()
    label(order, console)
    assert "refuses the request: content_filter" in order.rejects_file.read_text("utf-8").splitlines()[1]
    assert len(order.rejects_file.read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"choices": []}', b'{"choices": [{}]}', b"\xff"])
def test_an_answer_of_another_protocol_is_a_fault(
    body: bytes, ordered: Ordered, server: StubServer, console: Console
) -> None:
    """What is no chat completion is asked again, like an answer that cannot be read."""
    server.acts.append(lambda _: PlainTextResponse(body, media_type="application/json"))
    label(ordered(), console)
    assert [len(asked(one)) for one in server.bodies] == [2, 1, 1, 2]


def test_a_cut_answer_and_a_refusal_are_faults(ordered: Ordered, server: StubServer, console: Console) -> None:
    """``finish_reason: length`` and a refusal are told from an answer, and the last reason is listed."""
    cut = {"finish_reason": "length", "message": {"content": '{"rows": []}'}}
    refused = {"finish_reason": "stop", "message": {"content": None, "refusal": "I will not"}}
    server.acts.extend([lambda _: says(None, choices=[cut])] * 3 + [lambda _: says(None, choices=[refused])] * 3)
    order = ordered(rows=1)
    label(order, console)
    reasons = [line.split("\t")[3] for line in order.rejects_file.read_text("utf-8").splitlines()[1:]]
    assert reasons == ["the answer is longer than allowed (finish_reason: length)", "the model refuses: I will not"]


def test_a_silent_server_times_out(ordered: Ordered, server: StubServer, console: Console) -> None:
    """The line says how long it waited, how often, and which option waits longer."""
    release = threading.Event()

    def silent(body: dict[str, Any]) -> Response:
        release.wait(30)
        return right(body)

    server.usual = silent
    try:
        with pytest.raises(LabelError, match=r"no answer within 0\.2 s, after 1 tries: .* give more --timeout"):
            label(ordered(timeout=0.2, retries=0), console)
    finally:
        release.set()


def test_nobody_there(ordered: Ordered, console: Console) -> None:
    """A port where nothing listens: the address and the variable that holds it."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(LabelError, match=rf"http://127\.0\.0\.1:{port}/v1: no connection after 1 tries .*OPENAI_BASE"):
        label(ordered(base_url=f"http://127.0.0.1:{port}/v1", retries=0), console)


def test_the_key_is_nowhere_to_be_read(ordered: Ordered, server: StubServer, console: Console, key: str) -> None:
    """Not in a file, not on the screen, not in an error that echoes it."""
    server.acts.append(right)
    server.usual = lambda _: JSONResponse({"error": {"message": f"wrong: {key}"}}, 422)
    order = ordered()
    with pytest.raises(LabelError, match="wrong: …") as error:
        label(order, console)
    files = b"".join(path.read_bytes() for path in order.out.parent.iterdir())
    assert key not in files.decode() + printed(console) + str(error.value)


def test_no_key_is_said_before_anything_is_sent(
    ordered: Ordered, server: StubServer, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variable's name, and what to do for a server that asks for none."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(LabelError, match="no key: set OPENAI_API_KEY; for a server of your own"):
        label(ordered(), console)
    assert not server.bodies
