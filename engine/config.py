"""The engine's configuration: one YAML file, overridden by the environment and ``--set``, checked once.

Every key has a default. ``FLASHWIRE_KAFKA__BROKERS=host:9092`` in the environment (``__`` for each dot) and
``--set kafka.brokers=host:9092`` do the same as the file's ``kafka: {brokers: host:9092}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import yaml
from msgspec import Meta, Struct

from engine.batching import BatchLimits
from engine.errors import ConfigError
from engine.located import Place, nearest, parse_yaml, read_yaml

ROOT = Path(__file__).resolve().parents[1]
"""Where the packages and their data (``deploy/``, ``models/artifacts/``) lie side by side."""
_ENV = "FLASHWIRE_"
_PATH = re.compile(r" - at `\$\.?([\w.]*)`")


class Topics(Struct, frozen=True, forbid_unknown_fields=True):
    """Topic names."""

    raw: str = "news.raw"
    scored: str = "news.scored"
    alerts: str = "alerts"
    shadow: str = "alerts.shadow"
    dead_letters: str = "news.dlq"
    held: str = "news.held"


class KafkaConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The broker. ``client`` goes to the client as it is (``security_protocol``, ``sasl_mechanism``, …)."""

    brokers: str = "127.0.0.1:9092"
    group: str = "flashwire"
    start: Literal["earliest", "latest"] = "earliest"
    create_topics: bool = False
    partitions: Annotated[int, Meta(ge=1)] = 4
    replication: Annotated[int, Meta(ge=1)] = 1
    session_timeout_s: Annotated[float, Meta(ge=6)] = 10.0
    topics: Topics = Topics()
    client: dict[str, Any] = {}


class FileConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Paths of ``source: file`` and ``sink: file``; ``-`` is standard input or output."""

    news: str = "-"
    alerts: str = "-"
    shadow: str = ""
    scored: str = ""
    dead_letters: str = ""


class ModelConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The artefact and what runs it."""

    artifact: str = "models/artifacts/news"
    provider: Literal["cpu", "cuda"] = "cpu"
    allow_cpu_fallback: bool = False
    threads: Annotated[int, Meta(ge=1)] = 1


class RulesConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules files, in order, and whether to follow their changes."""

    files: tuple[str, ...] = ("deploy/rules/default.yaml",)
    reload: bool = True


class HttpConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where health and metrics are served; port 0 takes a free one, -1 serves nothing."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=-1, le=65535)] = 9464


class LogConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Structured logs on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class EngineConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything.

    ``feed`` is the source of items that name none. ``memory_s``: seconds that versions, repeats and alerts are
    remembered; ``drain_s``: seconds that a stop may take.
    """

    version: Literal[1] = 1
    pipeline: str = "flashwire"
    feed: str = ""
    source: Literal["kafka", "file"] = "kafka"
    sink: Literal["kafka", "file"] = "kafka"
    memory_s: Annotated[float, Meta(ge=60)] = 21_600.0
    drain_s: Annotated[float, Meta(gt=0)] = 5.0
    kafka: KafkaConfig = KafkaConfig()
    file: FileConfig = FileConfig()
    model: ModelConfig = ModelConfig()
    rules: RulesConfig = RulesConfig()
    batching: BatchLimits = BatchLimits()
    http: HttpConfig = HttpConfig()
    log: LogConfig = LogConfig()


def load_config(path: Path | None, overrides: Iterable[str] = (), env: Mapping[str, str] | None = None) -> EngineConfig:
    """Read and check the configuration.

    Args:
        path: the YAML file, or None for the defaults.
        overrides: ``kafka.brokers=host:9092``, stronger than the environment, which is stronger than the file.
        env: the environment.

    Raises:
        ConfigError: naming file, line, key, and the nearest key there is.
    """
    data: dict[str, Any] = {}
    if path is not None:
        place, _ = read_yaml(path, ConfigError)
        data = _checked(place, EngineConfig, "configuration")
    for name, value in sorted((env or {}).items()):
        if key := _env_key(name):
            _override(data, f"environment {name}", f"{key}={value}")
    for text in overrides:
        _override(data, "--set", text)
    return _convert(data, str(path or "configuration"))


def resolve_path(text: str) -> Path:
    """A path as given where it exists; else, if relative, below the folder in which Flashwire is installed."""
    path = Path(text)
    return path if path.exists() or path.is_absolute() else ROOT / path


def _checked(place: Place, into: type[Struct], what: str) -> dict[str, Any]:
    """The mapping as plain data, its keys and types checked against the Struct where their places are known."""
    fields = {field.name: field for field in msgspec.structs.fields(into)}
    data: dict[str, Any] = {}
    for key, value in place.mapping(what, fields).items():
        kind = fields[key].type
        if isinstance(kind, type) and issubclass(kind, Struct):
            data[key] = _checked(value, kind, key)
            continue
        if get_origin(kind) is Literal:
            value.choice(key, [str(choice) for choice in get_args(kind)])
        data[key] = str(value.node.value) if kind is str and value.is_text else _plain(value)
        try:
            msgspec.convert(data[key], kind)
        except msgspec.ValidationError as error:
            value.fail(f"{key}: {error}")
    return data


def _env_key(name: str) -> str:
    """The dotted key that a variable stands for; empty where it is none of ours."""
    key, known = name.removeprefix(_ENV).lower().replace("__", "."), EngineConfig.__struct_fields__
    if not name.startswith(_ENV):
        return ""
    section, _, rest = key.partition("_")
    if "." in key or key in known:
        return key
    if section in known:
        raise ConfigError(f"environment {name}: write {_ENV}{section.upper()}__{rest.upper()}, with two underscores")
    return ""


def _plain(place: Place) -> object:
    """A YAML node as plain data."""
    try:
        return yaml.SafeLoader("").construct_document(place.node)
    except (yaml.YAMLError, ValueError) as error:
        place.fail(str(getattr(error, "problem", None) or error))


def _unquoted(text: str) -> str:
    """A text as the shell gave it, without the quotes that YAML would have taken off."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _override(data: dict[str, Any], origin: str, text: str) -> None:
    """Set one dotted key; the value is read as YAML."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{origin}: write key=value, not {text!r}")
    into: type[Struct] = EngineConfig
    at = data
    *sections, last = key.strip().split(".")
    for part in sections:
        kind = {field.name: field.type for field in msgspec.structs.fields(into)}.get(part)
        if not (isinstance(kind, type) and issubclass(kind, Struct)):
            raise ConfigError(f"{origin}: no section {part!r}{nearest(part, into.__struct_fields__)}")
        into, at = kind, at.setdefault(part, {})
    fields = {field.name: field.type for field in msgspec.structs.fields(into)}
    if last not in fields:
        raise ConfigError(f"{origin}: unknown key {key!r}{nearest(last, fields)}")
    if isinstance(kind := fields[last], type) and issubclass(kind, Struct):
        raise ConfigError(f"{origin}: {key!r} is a section; set one of its keys: {', '.join(kind.__struct_fields__)}")
    # A text is taken as it is: YAML would read `-` as a list and `2024-01-01` as a date.
    at[last] = (
        _unquoted(value) if fields[last] is str else _plain(parse_yaml(value.encode() or b"''", origin, ConfigError))
    )


def _convert(data: dict[str, Any], origin: str) -> EngineConfig:
    try:
        return msgspec.convert(data, EngineConfig)
    except msgspec.ValidationError as error:
        where = _PATH.search(str(error))
        raise ConfigError(f"{origin}: {where[1] + ': ' if where else ''}{_PATH.sub('', str(error))}") from None
