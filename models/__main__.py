"""The command line of the offline half: its commands, and what becomes of an error."""

from __future__ import annotations

import sys
from typing import NoReturn

from rich.console import Console
from rich.markup import escape

from engine.errors import FlashwireError
from models.commands import judge, label, make, thresholds
from models.commands.options import app
from models.errors import ModelsError

__all__ = ["judge", "label", "main", "make", "thresholds"]  # Imported for the commands that they add to ``app``.

_TRAIN = ("torch", "transformers", "optimum", "onnx", "polars", "sklearn", "matplotlib")
_EXTRA = dict.fromkeys(_TRAIN, "train") | {"openai": "label"}


def main() -> None:
    """Run the command line; an error of ours is one line and exit code 2."""
    try:
        app()
    except (ModelsError, FlashwireError) as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        extra = _EXTRA.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _fail(f"{error.name} is not installed: pip install 'flashwire[{extra}]'")


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
