"""A small HTTP server that speaks the chat completions protocol on loopback, and misbehaves as it is told."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Act = Callable[[dict[str, Any]], Response]
"""What the server does with one request's body."""
_ROW = re.compile(r"^(\d+): (.*)$", re.MULTILINE)
TOKENS = {"prompt_tokens": 400, "completion_tokens": 100}


def labels_of(text: str) -> dict[str, str]:
    """The labels that this server gives a text: by a word in it."""
    if "bankruptcy" in text:
        return {"urgency": "high", "sentiment": "negative", "event": "credit"}
    if "profit" in text:
        return {"urgency": "medium", "sentiment": "positive", "event": "earnings"}
    return {"urgency": "low", "sentiment": "neutral", "event": "other"}


def asked(body: dict[str, Any]) -> list[tuple[int, str]]:
    """The numbered rows of a request's last turn."""
    return [(int(number), text) for number, text in _ROW.findall(body["messages"][-1]["content"])]


def answered(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the right answer."""
    return [{"row": number, **labels_of(text)} for number, text in asked(body)]


def says(content: str | None, **more: Any) -> Response:
    """A completion with this content; ``more`` replaces its fields."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    completion = {"id": "c", "object": "chat.completion", "created": 0, "model": "stub", "usage": TOKENS}
    return JSONResponse(completion | {"choices": [choice]} | more)


def rows(found: list[dict[str, Any]]) -> Response:
    """A completion with these rows."""
    return says(orjson.dumps({"rows": found}).decode())


def refusal(status: int, code: str = "", says: str = "", **headers: str) -> Act:
    """An act that fails as OpenAI's servers do; header names are given with underscores."""
    error = {"error": {"message": says or f"stub says {status}", "type": "stub", "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: JSONResponse(error, status, named)


def right(body: dict[str, Any]) -> Response:
    """The act of a good server."""
    return rows(answered(body))


class StubServer:
    """Serves in a thread from entering to leaving. ``acts`` are taken one a request; then ``usual`` is done."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.acts: deque[Act] = deque()
        self.usual: Act = right
        self._socket = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._socket])))

    @property
    def base_url(self) -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True  # A request that an act holds back must not hold the test.
        self._thread.join()
        self._socket.close()

    async def _complete(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.bodies.append(body)
        self.keys.append(request.headers["authorization"])
        act = self.acts.popleft() if self.acts else self.usual
        return await asyncio.to_thread(act, body)
