"""An engine as a process, as an operator would run it, watched over its own pages."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deploy.kafka.broker import free_port
from engine.config import ROOT


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
