"""A real Apache Kafka, one node on loopback, without Docker: for local work, tests and benchmarks.

``python -m deploy.kafka.broker --port 9092 --folder .kafka/data --background`` starts it and waits until it answers;
``--stop`` stops it. In a test: ``with Broker(folder) as broker: … broker.bootstrap``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBS = HERE.parents[1] / ".kafka" / "libs"
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)  # size, ApiVersions v0, correlation 1, no client id
_FAST_START = ("-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
_NEEDS = "apt-get install openjdk-17-jre-headless maven"


class BrokerFailedError(RuntimeError):
    """The broker could not be started; the message says why, with the end of its log."""


class Broker:
    """One node of Apache Kafka in KRaft mode. Its data lies in ``folder`` and outlives stops and kills.

    Ports of 0 are replaced by free ones at construction, and stay the same over restarts.
    """

    def __init__(self, folder: Path, port: int = 0, settings: Mapping[str, str] | None = None) -> None:
        self.folder, self.port = folder.resolve(), port or free_port()
        self._controller_port = free_port()
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """The broker's log file."""
        return self.folder / "broker.log"

    def start(self, timeout: float = 60.0) -> Broker:
        """Start the broker and wait until it answers.

        Raises:
            BrokerFailedError: Java, Maven or the jars are missing, or the broker died or kept silent.
        """
        resolve_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()), "utf-8")
        if not (self.folder / "logs" / "meta.properties").exists():
            cluster = _java("kafka.tools.StorageTool", "random-uuid").decode().strip().splitlines()[-1]
            _java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties))
        with self.log.open("ab") as log:
            command = [*_command("kafka.Kafka"), str(properties)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        (self.folder / "pid").write_text(str(self._process.pid), "utf-8")
        self._wait(timeout)
        return self

    def stop(self, timeout: float = 15.0) -> None:
        """Stop the broker: politely, then not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the broker, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not answers(self.port):
            if self._process is None or self._process.poll() is not None:
                raise BrokerFailedError(f"the broker died at its start:\n{self._end_of_log()}")
            if time.monotonic() > deadline:
                self.stop()
                raise BrokerFailedError(f"no answer within {timeout:.0f} s:\n{self._end_of_log()}")
            time.sleep(0.05)

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-20:])

    def _properties(self) -> dict[str, str]:
        client, controller = f"127.0.0.1:{self.port}", f"127.0.0.1:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{client}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.folder / "logs"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            **self._settings,
        }


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a broker answers a real request at this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as client:
            client.sendall(_API_VERSIONS)
            return len(client.recv(8)) == 8
    except OSError:
        return False


def resolve_jars() -> None:
    """Have Maven bring the jars, once.

    Raises:
        BrokerFailedError: Java or Maven is missing, or the jars cannot be had.
    """
    if not shutil.which("java"):
        raise BrokerFailedError(f"java is missing: {_NEEDS}")
    if any(LIBS.glob("kafka_*.jar")):
        return
    if not shutil.which("mvn"):
        raise BrokerFailedError(f"mvn is missing: {_NEEDS}")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={LIBS}"]
    done = subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise BrokerFailedError(f"Maven cannot bring Kafka's jars:\n{done.stdout.decode(errors='replace')[-2000:]}")


def _command(main_class: str) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return ["java", *_FAST_START, logging, "-cp", f"{LIBS}/*", main_class]


def _java(main_class: str, *arguments: str) -> bytes:
    done = subprocess.run([*_command(main_class), *arguments], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise BrokerFailedError(f"{main_class} {arguments[0]}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def main() -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka.broker", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--folder", type=Path, default=Path(".kafka/data"), help="where its data lies")
    parser.add_argument("--background", action="store_true", help="return once it answers, and leave it running")
    parser.add_argument("--stop", action="store_true", help="stop the one that was left running")
    given = parser.parse_args()
    if given.stop:
        return _stop(given.folder)
    if answers(given.port):
        print(f"Kafka already answers on 127.0.0.1:{given.port}")  # noqa: T201
        return 0
    broker = Broker(given.folder, given.port)
    try:
        broker.start()
    except BrokerFailedError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"Kafka answers on {broker.bootstrap}; data and log in {broker.folder}", flush=True)  # noqa: T201
    if not given.background:
        with contextlib.suppress(KeyboardInterrupt):
            signal.sigwait({signal.SIGTERM, signal.SIGINT})
        broker.stop()
    return 0


def _stop(folder: Path) -> int:
    try:
        os.kill(int((folder / "pid").read_text("utf-8")), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        print(f"no broker runs from {folder}")  # noqa: T201
    else:
        print("Kafka is stopping")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
