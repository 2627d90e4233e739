"""A real Apache Kafka, one node on loopback, without Docker: for local work, tests and benchmarks.

``python -m deploy.kafka.broker --port 9092 --folder .kafka/data --background`` starts it and waits until it answers;
``--stop`` stops it. In a test: ``with Broker(folder) as broker: … broker.bootstrap``.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBS = HERE.parents[1] / ".kafka" / "libs"
# Size, API, version, correlation, no client id; both answers begin with size, correlation and error code.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
_FIND_COORDINATOR = struct.pack(">ihhihh5s", 17, 10, 0, 1, -1, 5, b"ready")
_NO_ERROR = struct.pack(">ih", 1, 0)
_COORDINATOR_SECONDS = 5.0
_FAST_START = ("-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_NEEDS = "apt-get install openjdk-17-jre-headless maven"


class BrokerFailedError(RuntimeError):
    """The broker could not be started; the message says why, with the end of its log."""


class Broker:
    """One node of Apache Kafka in KRaft mode. Its data lies in ``folder`` and outlives stops and kills.

    Ports of 0 are replaced by free ones at construction, and stay the same over restarts.
    """

    def __init__(
        self, folder: Path, port: int = 0, controller_port: int = 0, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.port = folder.resolve(), port or free_port()
        self._controller_port = controller_port or free_port()
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
        """Start the broker and wait until it answers and, for at most 5 s more, until it can coordinate groups.

        Raises:
            BrokerFailedError: Java, Maven or jars are missing, the port is taken, or the broker died or kept silent.
        """
        resolve_jars()
        if answers(self.port):
            raise BrokerFailedError(f"another broker answers on {self.bootstrap}; stop it, or take another port")
        properties = self._format()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*java("kafka.Kafka"), str(properties)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        (self.folder / "pid").write_text(str(self._process.pid), "utf-8")
        try:
            self._wait(self._process, timeout)
        except BaseException:  # Ctrl-C as well: in a session of its own the broker would outlive us.
            self.kill()
            raise
        return self

    def stop(self, timeout: float = 15.0) -> None:
        """Stop the broker: politely, then not."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End the broker at once, as ``kill -9`` does. What it acknowledged is with the kernel, and survives that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            (self.folder / "pid").unlink(missing_ok=True)

    def wait(self) -> str:
        """Wait until the broker ends by itself; returns the end of its log."""
        if self._process is not None:
            self._process.wait()
        return self._end_of_log()

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _format(self) -> Path:
        """Write the settings and, in a new folder, the cluster's identity."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self.properties().items()), "utf-8")
        if not (self.folder / "logs" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            given = ["format", f"--cluster-id={cluster}", "-c", str(properties)]
            _call([*java("kafka.tools.StorageTool"), *given], "Kafka cannot format its folder")
        return properties

    def _wait(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not answers(self.port):
            if process.poll() is not None:
                raise BrokerFailedError(f"the broker died at its start:\n{self._end_of_log()}")
            if time.monotonic() > deadline:
                raise BrokerFailedError(f"no answer within {timeout:.0f} s:\n{self._end_of_log()}")
            time.sleep(0.05)
        # The first question for a coordinator makes the offsets topic; clients would meet errors until it is there.
        deadline = time.monotonic() + _COORDINATOR_SECONDS
        while _ask(self.port, _FIND_COORDINATOR) != _NO_ERROR and time.monotonic() < deadline:
            time.sleep(0.05)

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-20:])

    def properties(self) -> dict[str, str]:
        """Its settings, as server.properties has them."""
        client, controller = f"127.0.0.1:{self.port}", f"127.0.0.1:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{client}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.folder / "logs"),
            # After a kill the same node may come back only when its old session has ended: 9 s by default.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
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
    return _ask(port, _API_VERSIONS) == _NO_ERROR


def _ask(port: int, request: bytes) -> bytes:
    """Correlation and error code of the answer; nothing where nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as client:
            client.sendall(request)
            return client.recv(10, socket.MSG_WAITALL)[4:]
    except OSError:
        return b""


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
    _call(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], "Maven cannot bring Kafka's jars")


def java(main_class: str) -> list[str]:
    """The command that runs one of Kafka's programs."""
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return ["java", *_FAST_START, logging, "-cp", f"{LIBS}/*", main_class]


def _call(command: list[str], complaint: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BrokerFailedError(f"{complaint}:\n{done.stdout[:2000]}")  # A stack trace has its reason on top.


def main() -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka.broker", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--folder", type=Path, default=Path(".kafka/data"), help="where its data lies")
    parser.add_argument("--background", action="store_true", help="return once it answers, and leave it running")
    parser.add_argument("--stop", action="store_true", help="stop the one that was left running")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if given.stop:
        print(_stop(given.folder.resolve()))  # noqa: T201
    elif answers(given.port):
        print(f"Kafka already answers on 127.0.0.1:{given.port}")  # noqa: T201
    else:
        return _run(Broker(given.folder, given.port), given.background)
    return 0


def _run(broker: Broker, background: bool) -> int:
    try:
        broker.start()
        how = "--stop" if background else "Ctrl-C"
        print(f"Kafka answers on {broker.bootstrap} ({how} stops it; data in {broker.folder})", flush=True)  # noqa: T201
        if background:
            return 0
        print(f"the broker ended by itself:\n{broker.wait()}", file=sys.stderr)  # noqa: T201
    except BrokerFailedError as error:
        print(error, file=sys.stderr)  # noqa: T201
    except KeyboardInterrupt:
        broker.stop()
        return 0
    return 1


def _stop(folder: Path, timeout: float = 15.0) -> str:
    file = folder / "pid"
    pid = int(file.read_text("utf-8")) if file.exists() else 0
    if not _is_broker(pid, folder):
        return f"no broker runs from {folder}"
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _is_broker(pid, folder):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    file.unlink(missing_ok=True)
    return "Kafka has stopped"


def _is_broker(pid: int, folder: Path) -> bool:
    """Whether the process is the folder's broker: after a reboot its number may be anybody's."""
    linux = ["cat", f"/proc/{pid}/cmdline"]
    command = linux if sys.platform == "linux" else ["ps", "-o", "args=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return str(folder / "server.properties").encode() in done.stdout


if __name__ == "__main__":
    sys.exit(main())
