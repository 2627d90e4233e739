"""The composition root: configuration → parts → run. Signals, drain, restarts and the exit code live here."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from itertools import chain, repeat

import structlog
import uvloop
from aiokafka.errors import KafkaError

from engine.config import EngineConfig, resolve_path
from engine.ends import Ends, open_ends
from engine.errors import BrokerError, RetryError, StopError
from engine.pipeline import Parts, Pipeline
from engine.rules import Evaluator, RuleSet, load_rules
from engine.rules.reload import follow
from engine.scoring.scorer import OnnxScorer, load_scorer
from engine.watch.health import HealthServer, application
from engine.watch.logs import configure
from engine.watch.metrics import Metrics

DRAIN_TIMED_OUT = 8
_BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0)
_SILENCE_SECONDS = 5.0  # Without a sign of the broker for this long the engine is not ready.
_SWITCH_SECONDS = 0.0005  # The interpreter's 5 ms would let the scoring thread hold the event loop up for as long.
# RuntimeError: uvloop's write to a transport that the broker closed, which aiokafka lets through (#1038).
_BROKER_TROUBLE = (RetryError, KafkaError, OSError, RuntimeError, BrokerError)
log = structlog.get_logger("engine")


def run(config: EngineConfig) -> int:
    """Run the engine until its source ends or a signal comes; returns the exit code.

    Raises:
        StopError: the operator must act; the message says how.
    """
    configure(config.log.level, config.log.format)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return uvloop.run(Engine(config).run())


class Engine:
    """One process: model and rules loaded once, the line built anew whenever the broker was lost."""

    def __init__(self, config: EngineConfig) -> None:
        self._config, self.metrics = config, Metrics()
        self._paths = [resolve_path(path) for path in config.rules.files]
        self._stopping = False
        self._lines: asyncio.Task[None] | None = None
        self._pipeline: Pipeline | None = None
        self._evaluator: Evaluator | None = None
        self._ends: Ends | None = None
        self._has_run = False

    async def run(self) -> int:
        """Start up, run lines until one ends, shut down."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        model = self._config.model
        self._scorer: OnnxScorer = await asyncio.to_thread(
            load_scorer, resolve_path(model.artifact), model.provider, model.threads, model.allow_cpu_fallback
        )
        self._rules = await asyncio.to_thread(self._load_rules)
        log.info("rules in force", rules=len(self._rules.rules), sha=self._rules.sha)
        server = None
        if self._config.http.port >= 0:
            server = HealthServer(
                self._config.http.host, self._config.http.port, application(self.checks, self.metrics)
            )
            server.start()
        reloading = loop.create_task(self._follow_rules()) if self._config.rules.reload else None
        try:
            self._lines = loop.create_task(self._run_lines())
            await asyncio.wait([self._lines])
            if not self._lines.cancelled():
                self._lines.result()
        finally:
            if reloading is not None:
                reloading.cancel()
            if server is not None:
                await server.stop()
        log.info("stopped")
        return 0

    def stop(self) -> None:
        """Drain and return from ``run``; leave at once where that takes longer than ``drain_s``."""
        if self._stopping:
            return
        log.info("draining", seconds=self._config.drain_s)
        self._stopping = True
        asyncio.get_running_loop().call_later(self._config.drain_s, _leave)
        if self._pipeline is not None:
            self._pipeline.drain()
        elif self._lines is not None:  # Waiting for the lease or the broker: there is nothing to drain.
            self._lines.cancel()

    def checks(self) -> dict[str, str]:
        """What ``/readyz`` answers."""
        silent = time.time() - self._ends.last_seen() if self._ends else None
        broker = "starting" if silent is None else "ok"
        if silent is not None and silent > _SILENCE_SECONDS:
            broker = f"no sign of life for {silent:.0f} s"
        return {"model": "ok", "rules": "ok", "broker": "stopping" if self._stopping else broker}

    async def _run_lines(self) -> None:
        backoff = chain(_BACKOFF_SECONDS, repeat(_BACKOFF_SECONDS[-1]))
        while not self._stopping:
            try:
                await self._run_line()
                return
            except Exception as error:
                cause = _first(error)
                if isinstance(cause, StopError) and not (isinstance(cause, BrokerError) and self._has_run):
                    raise cause from None
                if self._config.source != "kafka" or not isinstance(cause, _BROKER_TROUBLE):
                    raise
                log.error("line broken; building it anew", reason=repr(cause))
            self._ends = self._pipeline = None
            await asyncio.sleep(next(backoff))

    async def _run_line(self) -> None:
        config = self._config
        evaluator = Evaluator(config.pipeline, self._scorer.model, config.memory_s)
        evaluator.adopt(self._rules)
        async with open_ends(config, evaluator) as ends:
            parts = Parts(
                ends.source, self._scorer, evaluator, ends.journal, ends.sink, self.metrics,
                self._scorer.model.sha, config.feed, config.batching, journalled=ends.journalled,
            )  # fmt: skip
            pipeline = Pipeline(parts)
            self._evaluator, self._ends, self._pipeline = evaluator, ends, pipeline
            self._has_run = True
            self.metrics.last_seen.set_function(ends.last_seen)
            self.metrics.unacknowledged.set_function(lambda: pipeline.unacknowledged)
            gc.collect()
            gc.freeze()  # What lives until the end need not be looked at by every collection.
            log.info("running", source=config.source, sink=config.sink, model=self._scorer.model.sha)
            await self._until_lost(ends, pipeline)

    async def _until_lost(self, ends: Ends, pipeline: Pipeline) -> None:
        line = asyncio.get_running_loop().create_task(pipeline.run())
        if self._stopping:
            pipeline.drain()
        await asyncio.wait([line, ends.lost], return_when=asyncio.FIRST_COMPLETED)
        if not line.done():
            line.cancel()
            await asyncio.wait([line])
            ends.lost.result()
        line.result()

    def _load_rules(self) -> RuleSet:
        return load_rules(self._paths, self._scorer.manifest.scores)

    def _adopt(self, rules: RuleSet) -> None:
        self._rules = rules
        if self._evaluator is not None:
            self._evaluator.adopt(rules)

    async def _follow_rules(self) -> None:
        await follow(self._rules, self._load_rules, self._adopt, self.metrics.reloaded)


def _first(error: BaseException) -> BaseException:
    """The first error that is no group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _leave() -> None:
    """What is not committed is read again by the next engine, so leaving loses nothing."""
    log.error("drain took too long; leaving what is not committed to the next start")
    os._exit(DRAIN_TIMED_OUT)
