"""An engine as a process against a real broker, as an operator would run it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from benchmarks.process import Engine
from engine.config import ROOT

RULES = """
version: 1
defaults: {max_age: 10m}
rules:
  - id: flash
    when: {all: [urgency.high >= 0.75, sentiment.negative >= 0.75]}
    dedup: {by: [entity, headline], window: 1h}
    emit: {severity: high, desk: news}
"""


class Setup:
    """Names of topics and group, the rules file, the configuration."""

    def __init__(self, bootstrap: str, folder: Path, name: str) -> None:
        self.bootstrap, self.folder, self.name = bootstrap, folder, name.replace("_", "-")
        self.engines: list[Engine] = []
        self.rules = folder / "rules.yaml"
        self.rules.write_text(RULES, "utf-8")
        topics = {key: self.topic(key) for key in ("raw", "scored", "alerts", "shadow", "dead_letters", "held")}
        self.config = folder / "engine.yaml"
        self.config.write_text(
            json.dumps(
                {
                    "pipeline": self.name,
                    "kafka": {
                        "brokers": bootstrap,
                        "group": self.name,
                        "create_topics": True,
                        "topics": topics,
                        "session_timeout_s": 6,
                    },
                    "rules": {"files": [str(self.rules)]},
                }
            ),
            "utf-8",
        )

    def topic(self, key: str) -> str:
        """The name of one of the pipeline's topics."""
        return f"{self.name}.{key}"

    def engine(self, *overrides: str) -> Engine:
        """Start an engine."""
        made = Engine(self.config, self.folder / "engine.log", *overrides)
        self.engines.append(made)
        return made

    def kill_all(self) -> None:
        """Leave no process behind."""
        for engine in self.engines:
            engine.kill()

    def cli(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Any other command of ours, against this broker."""
        command = [sys.executable, "-m", "engine", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False)

    async def send(self, messages: Sequence[bytes | None], *, per_second: float = 0.0) -> None:
        """Produce to the raw topic, spread over its partitions by the message's number."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", max_request_size=2_000_000)
        await producer.start()
        try:
            started = time.monotonic()
            sent = []
            for number, value in enumerate(messages):
                sent.append(await producer.send(self.topic("raw"), value, partition=number % 4))
                if per_second and (ahead := number / per_second - (time.monotonic() - started)) > 0:
                    await asyncio.sleep(ahead)
            for future in sent:
                await future
        finally:
            await producer.stop()
