"""Configuration: defaults, overrides, and mistakes that name their key and the nearest valid one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.config import ROOT, EngineConfig, load_config
from engine.errors import ConfigError

SHIPPED = ROOT / "deploy/config/engine.yaml"

MISTAKES = [
    ("kafka: {borkers: x}", "c.yaml:1:9: kafka: unknown key 'borkers'; did you mean 'brokers'?"),
    ("sourc: kafka", "c.yaml:1:1: configuration: unknown key 'sourc'; did you mean 'source'?"),
    ("source: kafk", "c.yaml:1:9: source: unknown value 'kafk'; did you mean 'kafka'?"),
    ("kafka: {partitions: many}", "c.yaml:1:21: partitions: Expected `int`, got `str`"),
    ("model: cpu", "c.yaml:1:8: model: a mapping is needed, this is 'cpu'"),
    ("kafka: [1", "c.yaml:2:1: did not find expected"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_names_its_place(tmp_path: Path, text: str, message: str) -> None:
    """A wrong key or value is refused with file, line, column and the nearest valid name."""
    (tmp_path / "c.yaml").write_text(text + "\n", "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / "c.yaml")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("kafka.brokres=x", "--set: unknown key 'kafka.brokres'; did you mean 'brokers'?"),
        ("kafak.brokers=x", "--set: no section 'kafak'; did you mean 'kafka'?"),
        ("http.port=many", "http.port: Expected `int`, got `str`"),
        ("kafka.brokers", "--set: write key=value"),
    ],
)
def test_a_wrong_override_is_refused(override: str, message: str) -> None:
    """An override's mistake says where it came from."""
    with pytest.raises(ConfigError) as raised:
        load_config(None, [override])
    assert message in str(raised.value)


def test_the_shipped_file_shows_the_defaults() -> None:
    """The commented configuration and the code agree, but for the topics it creates."""
    shipped = load_config(SHIPPED)
    kafka = msgspec.structs.replace(shipped.kafka, create_topics=False)
    assert msgspec.structs.replace(shipped, kafka=kafka) == EngineConfig()


def test_what_overrides_what() -> None:
    """``--set`` is stronger than the environment, which is stronger than the file; other variables are left alone."""
    env = {"FLASHWIRE_KAFKA__BROKERS": "env:1", "FLASHWIRE_KAFKA__GROUP": "g", "FLASHWIRE_DATA": "x", "PATH": "y"}
    config = load_config(SHIPPED, ["kafka.brokers=set:1"], env)
    assert (config.kafka.brokers, config.kafka.group, config.kafka.create_topics) == ("set:1", "g", True)


def test_one_underscore_is_refused() -> None:
    """A variable that means a key but is spelt as none is not passed over."""
    with pytest.raises(ConfigError, match="write FLASHWIRE_KAFKA__BROKERS, with two underscores"):
        load_config(None, env={"FLASHWIRE_KAFKA_BROKERS": "x"})


def test_a_misspelt_variable_is_refused() -> None:
    """A variable of ours that names no key is refused by name."""
    with pytest.raises(ConfigError, match=r"FLASHWIRE_KAFKA__BROKRES: unknown key 'kafka\.brokres'"):
        load_config(None, env={"FLASHWIRE_KAFKA__BROKRES": "x"})
