"""An engine as a process against a real broker, as an operator would run it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from deploy.kafka.broker import free_port

ROOT = Path(__file__).parents[2]
RULES = """
version: 1
defaults: {max_age: 10m}
rules:
  - id: flash
    when: {all: [urgency.high >= 0.75, sentiment.negative >= 0.75]}
    dedup: {by: [entity, headline], window: 1h}
    emit: {severity: high, desk: news}
"""


class Engine:
    """One ``flashwire run``."""

    def __init__(self, config: Path, log: Path, *overrides: str) -> None:
        self.port = free_port()
        self.log = log
        command = [sys.executable, "-m", "engine", "run", "--config", str(config), "--set", f"http.port={self.port}"]
        with log.open("ab") as file:
            arguments = [part for text in overrides for part in ("--set", text)]
            self.process = subprocess.Popen([*command, *arguments], stdout=file, stderr=file, cwd=ROOT)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self, timeout: float = 30.0) -> Engine:
        """Wait until ``/readyz`` says so."""
        until(lambda: self.get("/readyz")[0] == 200, timeout, lambda: f"not ready: {self.text()}", self.process)
        return self

    def metric(self, line: str) -> float:
        """The value of the metric whose line starts so; 0 where there is none."""
        for found in self.get("/metrics")[1].splitlines():
            if found.startswith(line):
                return float(found.split()[-1])
        return 0.0

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text("utf-8", "replace")

    def stop(self, timeout: float = 15.0) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


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


def until(
    holds: Callable[[], bool],
    timeout: float,
    otherwise: Callable[[], str],
    process: subprocess.Popen[bytes] | None = None,
) -> None:
    """Wait until something holds; fail with what ``otherwise`` says, at once where the process has died."""
    deadline = time.monotonic() + timeout
    while not holds():
        dead = process is not None and process.poll() is not None
        if dead or time.monotonic() > deadline:
            raise AssertionError(otherwise())
        time.sleep(0.05)
