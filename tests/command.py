"""The command line as an operator calls it: a process, its exit code, what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "engine"]
"""Run in ``ROOT``, because the artefact and the rules are named relative to it."""


def environment(**more: str) -> dict[str, str]:
    """Ours without the variables that would configure an engine, and wide enough for no line to wrap."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLASHWIRE_")}
    return kept | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"} | more


def flashwire(*arguments: str, stdin: bytes = b"", timeout: float = 30.0) -> subprocess.CompletedProcess[bytes]:
    """Run one command to its end; a command that hangs fails the test."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        timeout=timeout,
        cwd=ROOT,
        env=environment(),
        check=False,
    )
