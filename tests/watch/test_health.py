"""Health and metrics over a real loopback port."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from engine.errors import ConfigError
from engine.watch.health import HealthServer, application
from engine.watch.metrics import Metrics

WELL = {"model": "ok", "rules": "ok", "broker": "ok"}
ILL = WELL | {"broker": "no sign of life for 7 s"}


def fetched(url: str) -> tuple[int, str, str]:
    """Status, content type and body of a page."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # loopback
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read().decode()


async def answer(path: str, checks: Mapping[str, str] = WELL, metrics: Metrics | None = None) -> tuple[int, str, str]:
    """What a server that was started on a free port answers; it is stopped again."""
    server = HealthServer("127.0.0.1", 0, application(lambda: checks, metrics or Metrics()))
    with capture_logs() as logs:
        server.start()
    try:
        root = logs[0]["healthz"].removesuffix("/healthz")
        return await asyncio.to_thread(fetched, f"{root}{path}")
    finally:
        await server.stop()


async def test_a_process_that_lives_is_healthy() -> None:
    """Liveness asks nothing of broker or model: a restart would not mend them."""
    assert await answer("/healthz", ILL) == (200, "text/plain; charset=utf-8", "ok\n")


@pytest.mark.parametrize(
    ("checks", "status"),
    [(WELL, 200), (ILL, 503), (WELL | {"broker": "starting"}, 503)],
    ids=["well", "ill", "starting"],
)
async def test_readiness_is_all_or_nothing(checks: Mapping[str, str], status: int) -> None:
    """Ready while every part is; the body names each part and what ails it."""
    found, kind, body = await answer("/readyz", checks)
    assert (found, kind, json.loads(body)) == (status, "application/json", checks)


async def test_metrics_are_served_as_they_stand() -> None:
    """The page is the registry's exposition, in the format that Prometheus asks for."""
    metrics = Metrics()
    metrics.fate("dead_letter")
    status, kind, body = await answer("/metrics", metrics=metrics)
    assert status == 200
    assert kind.startswith("text/plain; version=")
    assert body == metrics.render().decode()
    assert 'flashwire_items_total{fate="dead_letter"} 1.0' in body


async def test_nothing_else_is_served() -> None:
    """Any other page is not found."""
    assert (await answer("/"))[0] == 404


async def test_the_port_is_free_after_the_stop() -> None:
    """Once stopped, another server may listen on the same port."""
    with capture_logs() as logs:
        server = HealthServer("127.0.0.1", 0, application(lambda: WELL, Metrics()))
        server.start()
    port = int(logs[0]["healthz"].split(":")[2].split("/")[0])
    await server.stop()
    again = HealthServer("127.0.0.1", port, application(lambda: WELL, Metrics()))
    await again.stop()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "no-such-host.invalid", "192.0.2.1"], ids=["taken", "no host", "not ours"]
)
async def test_a_port_that_cannot_be_had_is_named(host: str) -> None:
    """The error names address and key."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"http: cannot listen on {host}:{port}: .*; set http\.port"):
            HealthServer(host, port, application(lambda: WELL, Metrics()))
