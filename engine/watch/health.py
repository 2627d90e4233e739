"""``/healthz`` (the process lives), ``/readyz`` (broker, model, rules) and ``/metrics``, on a loopback port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from engine.errors import ConfigError
from engine.watch.metrics import Metrics

Checks = Callable[[], Mapping[str, str]]
"""Part → ``ok``, or what is wrong with it."""
log = structlog.get_logger("http")


def application(checks: Checks, metrics: Metrics) -> Starlette:
    """The three routes."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        found = dict(checks())
        return JSONResponse(found, 200 if all(state == "ok" for state in found.values()) else 503)

    async def exposition(_: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]
    return Starlette(routes=routes)


class HealthServer:
    """Serves the routes on the engine's own loop until it is stopped."""

    def __init__(self, host: str, port: int, app: Starlette) -> None:
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            raise ConfigError(f"http: cannot listen on {host}:{port}: {error.strerror}; set http.port") from None
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve; signals stay with the engine."""
        # `_serve` is `serve` without the signal handlers, which are the engine's.
        self._task = asyncio.get_running_loop().create_task(self._server._serve([self._socket]))
        host, port = self._socket.getsockname()[:2]
        log.info("serving", healthz=f"http://{host}:{port}/healthz", metrics=f"http://{host}:{port}/metrics")

    async def stop(self) -> None:
        """Close the port."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1.0)
        self._socket.close()
