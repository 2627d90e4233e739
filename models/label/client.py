"""The server that is asked: one chat completion a request, over the ``openai`` client.

Retries are the client's own: on 408, 409, 429, 5xx, timeouts and broken connections, after a wait that doubles from
0.5 to 8 s less up to a quarter by chance, or after the server's ``Retry-After`` where that is 120 s at most.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Self

import msgspec
import openai
from msgspec import Struct

from models.errors import LabelError
from models.label.order import Server
from models.label.prompt import Message

_OF_THESE_ROWS = {"content_filter", "context_length_exceeded"}
"""Codes of a 400 that is about the rows in the request, not about the request's form."""


class Reply(Struct, frozen=True):
    """What came back: ``content``, or why there is none (``fault``). Tokens as reported, None where they are not."""

    content: str = ""
    fault: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    retries: int = 0


class _Usage(Struct):
    prompt_tokens: int
    completion_tokens: int = 0


class _Turn(Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct):
    message: _Turn
    finish_reason: str | None = None


class _Completion(Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class Client:
    """Asks the server. The key is read from OPENAI_API_KEY here and goes nowhere else.

    Raises:
        LabelError: there is no key.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._key = os.environ.get("OPENAI_API_KEY", "")
        if not self._key:
            raise LabelError("no key: set OPENAI_API_KEY; for a server of your own that asks for none, to any word")
        self._client = openai.AsyncOpenAI(
            api_key=self._key, base_url=server.base_url, timeout=server.timeout, max_retries=server.retries
        )

    async def ask(self, messages: list[Message], form: dict[str, Any], answer_tokens: int) -> Reply:
        """One request, with its retries.

        Raises:
            LabelError: no further request would fare better: the key, the path, the model, the request's form; or
                the server stayed away through all retries.
        """
        try:
            response = await self._client.chat.completions.with_raw_response.create(
                model=self._server.model,
                messages=[_turn(message) for message in messages],
                extra_body={"response_format": form, **self._sampling(answer_tokens)},
            )
        except openai.APIError as error:
            return self._failed(error)
        return _reply(response.content, response.retries_taken)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    def _sampling(self, answer_tokens: int) -> dict[str, Any]:
        if self._server.reasoning_tokens:
            return {"max_completion_tokens": answer_tokens}
        sampling: dict[str, Any] = {"max_tokens": answer_tokens}
        return sampling if self._server.temperature is None else sampling | {"temperature": self._server.temperature}

    def _failed(self, error: openai.APIError) -> Reply:
        if isinstance(error, openai.BadRequestError) and error.code in _OF_THESE_ROWS:
            return Reply(fault=f"the server refuses the request: {error.code}")
        raise LabelError(f"{self._server.address}: {self._plain(error)}") from None

    def _plain(self, error: openai.APIError) -> str:
        """What went wrong and what to do, in one line. The server's own words never include the key."""
        tries = f"after {self._server.retries + 1} tries"
        if isinstance(error, openai.APITimeoutError):
            return f"no answer within {self._server.timeout:g} s, {tries}: try later, or give more --timeout"
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__ or error
            return f"no connection {tries} ({cause}): is the server up, and OPENAI_BASE_URL (or --base-url) right?"
        if not isinstance(error, openai.APIStatusError):
            return self._words(error)
        status = f"the server answers {error.status_code}"
        if error.status_code in (401, 403):
            return f"{status}: it does not take this key: set OPENAI_API_KEY to one that it knows"
        if error.status_code == 404:
            return (
                f"{status}: no such path, or no model {self._server.model!r}: check OPENAI_BASE_URL (or --base-url; "
                "it mostly ends in /v1) and FLASHWIRE_LABEL_MODEL (or --model)"
            )
        words = self._words(error)
        if "response_format" in words:  # llama-cpp-python says so with a 500, others with a 400 or 422.
            return f"{status}: {words}: it does not know this form: give --format json-object or json-schema"
        return f"{status}: {words}: {_mend(error, tries)}"

    def _words(self, error: openai.APIError) -> str:
        words = error.body.get("message") if isinstance(error.body, dict) else None
        return " ".join(str(words or error.message).replace(self._key, "…").split())[:200]


def _mend(error: openai.APIStatusError, tries: str) -> str:
    if error.status_code == 429 and error.code == "insufficient_quota":
        return "the account is out of money; what is done is kept"
    if error.status_code == 429 or error.status_code >= 500:
        wait = error.response.headers.get("retry-after")
        return f"{tries}; what is done is kept: try later" + (f" (Retry-After: {wait})" if wait else "")
    return (
        "if it is the form of the answer, give --format json-object; if temperature or max_tokens, --reasoning-tokens"
    )


def _turn(message: Message) -> Any:  # noqa: ANN401  The client's type is a union of a class for each role.
    return {"role": message.role, "content": message.content}


def _reply(body: bytes, retries: int) -> Reply:
    """Read a completion as the protocol defines it; what is none is a fault, not an error."""
    try:
        found = msgspec.json.decode(body, type=_Completion)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Reply(fault=f"the server's answer is no chat completion: {error}", retries=retries)
    content, fault = _said(found.choices)
    if found.usage is None:
        return Reply(content, fault, retries=retries)
    return Reply(content, fault, found.usage.prompt_tokens, found.usage.completion_tokens, retries)


def _said(choices: list[_Choice]) -> tuple[str, str]:
    if not choices:
        return "", "the completion has no choice"
    first = choices[0]
    if first.message.refusal:
        return "", f"the model refuses: {first.message.refusal[:200]}"
    if first.finish_reason == "length":
        return "", "the answer is longer than allowed (finish_reason: length)"
    return (first.message.content, "") if first.message.content else ("", "the answer is empty")
