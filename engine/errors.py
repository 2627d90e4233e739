"""Every error of the engine, and what its catcher does with it.

FlashwireError
├── DeadLetterError        this message can never be used: move it aside, go on
│   ├── NotJsonError           not JSON, or not UTF-8
│   ├── SchemaError            a field is missing, of the wrong type, or out of bounds
│   ├── EmptyError             no value, or no headline
│   └── ScoringError           the model failed on this very text
├── StopError              the operator must act: say what and where, exit
│   ├── ConfigError            engine YAML or environment                     (exit code 2)
│   ├── RulesError             a rules file, at start; a reload keeps the old (exit code 3)
│   ├── ArtifactError          the model's files                              (exit code 4)
│   ├── TopicError             a topic is missing or set up wrongly           (exit code 5)
│   ├── BrokerError            no broker answers                              (exit code 6)
│   ├── TakenError             another engine runs this pipeline              (exit code 7)
│   └── FileError              a file of `sink: file` takes no more           (exit code 9)
└── RetryError             the broker is away: try again with backoff
"""

from __future__ import annotations


class FlashwireError(Exception):
    """Base of all errors that Flashwire raises on purpose."""


class DeadLetterError(FlashwireError):
    """Caller: send the original bytes to the dead letters and go on."""


class NotJsonError(DeadLetterError):
    """The value is not JSON, or not valid UTF-8."""


class SchemaError(DeadLetterError):
    """A field is missing, has the wrong type or is out of bounds; the message names its path."""


class EmptyError(DeadLetterError):
    """There is no value, or nothing to read in the headline."""


class ScoringError(DeadLetterError):
    """The model failed on this text, and on no other of its batch."""


class StopError(FlashwireError):
    """Caller: print the message and exit with ``code``."""

    code = 1


class ConfigError(StopError):
    """The engine's configuration is wrong; the message names file, key and the nearest valid one."""

    code = 2


class RulesError(StopError):
    """A rules file is wrong; the message names file, line, column and reason."""

    code = 3


class ArtifactError(StopError):
    """The model's files are missing or not what the manifest says; the message names the file."""

    code = 4


class TopicError(StopError):
    """A topic is missing or set up so that the engine's promises would not hold."""

    code = 5


class BrokerError(StopError):
    """No broker answers."""

    code = 6


class TakenError(StopError):
    """Another engine already runs this pipeline; two would alert twice."""

    code = 7


class FileError(StopError):
    """A file that alerts, records or dead letters go to cannot be written."""

    code = 9


class RetryError(FlashwireError):
    """Caller: try again with backoff; nothing was lost."""
