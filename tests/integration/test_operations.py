"""What an operator does to a running engine, and what may befall it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.process import until
from deploy.kafka.broker import Broker, free_port
from tests.integration.console import read_topic
from tests.integration.running import RULES, Setup
from tests.integration.wire import news

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
HOT, BETA = "Acme files for bankruptcy protection", "Beta Corp cuts full-year profit forecast"


def alerts(setup: Setup) -> list[str]:
    """The items that were alerted, in order."""
    return [
        json.loads(record.value or b"")["item"]["id"] for record in read_topic(setup.bootstrap, setup.topic("alerts"))
    ]


async def test_a_second_engine_is_refused(setup: Setup) -> None:
    """While one engine runs a pipeline another is refused, with its exit code; after it has stopped, one may start."""
    first = setup.engine().ready()
    waiting = setup.engine()
    until(lambda: "waiting for another engine's lease" in waiting.text(), 10, waiting.text, waiting.process)
    assert waiting.stop() == 0  # Nothing was read, so there is nothing to drain.
    second = setup.engine()
    assert second.process.wait(30) == 7
    assert "is run by" in second.text()
    assert first.process.poll() is None
    assert first.stop() == 0
    setup.engine().ready()


async def test_rules_follow_their_file(setup: Setup) -> None:
    """An edit is in force without a restart; a bad one is refused with its place, and the old rules stay."""
    engine = setup.engine().ready()
    setup.rules.write_text(RULES.replace("id: flash", "id: renamed"), "utf-8")
    until(lambda: engine.metric('flashwire_rules_reloads_total{result="ok"}') == 1, 10, engine.text)
    setup.rules.write_text(RULES.replace("urgency.high", "urgency.hihg"), "utf-8")
    until(lambda: engine.metric('flashwire_rules_reloads_total{result="refused"}') == 1, 10, engine.text)
    assert "rules.yaml:6:18: unknown score or field 'urgency.hihg'; did you mean" in engine.text()
    await setup.send([news("1", HOT, "ACME")])
    until(lambda: alerts(setup) == ["wire:1"], 10, engine.text)
    (record,) = read_topic(setup.bootstrap, setup.topic("alerts"))
    assert json.loads(record.value or b"")["rule"]["id"] == "renamed"


async def test_a_desk_follows_its_alerts(setup: Setup) -> None:
    """``flashwire tail`` shows what the desk asked for, and nothing else."""
    setup.engine().ready()
    await setup.send([news("1", HOT, "ACME"), news("2", BETA, "BETA")])
    until(lambda: len(alerts(setup)) == 2, 10, lambda: "no alerts")
    tail = ("tail", "--config", str(setup.config), "--from-start", "--limit")
    found = json.loads(setup.cli(*tail, "1", "--json", "--ticker", "beta").stdout)
    assert (found["item"]["id"], found["msg_type"], found["severity"]) == ("wire:2", "alert", "high")
    assert HOT in setup.cli(*tail, "2", "--desk", "news", "--severity", "high").stdout
    assert setup.cli(*tail, "1", "--severity", "huge").returncode == 2


async def test_a_correction_and_a_withdrawal_across_a_restart(setup: Setup) -> None:
    """What was said before a crash is updated or taken back after it, with references."""
    setup.engine().ready()
    await setup.send([news("1", HOT, "ACME", version=1), news("2", BETA, "BETA")])
    until(lambda: len(alerts(setup)) == 2, 10, lambda: "no alerts")
    setup.kill_all()
    engine = setup.engine().ready()
    await setup.send([news("1", "Acme opens a shop", "ACME", version=2), news("2", "", "BETA", status="withdrawn")])
    until(lambda: len(alerts(setup)) == 4, 10, engine.text)
    told = [json.loads(record.value or b"") for record in read_topic(setup.bootstrap, setup.topic("alerts"))]
    first = {body["item"]["id"]: record.headers["ce_id"] for record, body in zip(
        read_topic(setup.bootstrap, setup.topic("alerts"))[:2], told, strict=False)}  # fmt: skip
    assert {body["msg_type"] for body in told[2:]} == {"cancel"}
    assert {body["item"]["id"]: body["references"] for body in told[2:]} == {k: [v] for k, v in first.items()}


async def test_the_broker_dies_and_comes_back(tmp_path: Path) -> None:
    """Without its broker the engine lives but is not ready; when it is back, the line goes on and nothing is lost."""
    with Broker(tmp_path / "kafka") as broker:
        setup = Setup(broker.bootstrap, tmp_path, "broken")
        try:
            engine = setup.engine().ready()
            await setup.send([news("1", HOT, "ACME")])
            until(lambda: len(alerts(setup)) == 1, 10, engine.text)
            broker.kill()
            until(lambda: engine.get("/readyz")[0] == 503, 20, engine.text)
            assert engine.get("/healthz")[0] == 200
            broker.start()
            until(lambda: engine.get("/readyz")[0] == 200, 40, engine.text, engine.process)
            await setup.send([news("2", BETA, "BETA")])
            until(lambda: alerts(setup) == ["wire:1", "wire:2"], 20, engine.text)
            assert engine.stop() == 0
        finally:
            setup.kill_all()


async def test_a_drain_without_a_broker_ends(tmp_path: Path) -> None:
    """SIGTERM while the broker is away still ends the process, within the drain's bound."""
    with Broker(tmp_path / "kafka") as broker:
        setup = Setup(broker.bootstrap, tmp_path, "away")
        try:
            engine = setup.engine().ready()
            broker.kill()
            assert engine.stop(timeout=8) in (0, 8), engine.text()
        finally:
            setup.kill_all()


@pytest.mark.parametrize(
    ("overrides", "code", "message"),
    [
        (["kafka.create_topics=false"], 5, "topics missing on"),
        ([f"kafka.brokers=127.0.0.1:{free_port()}"], 6, "no broker answers at"),
        (["model.artifact=nowhere"], 4, "nowhere/manifest.json: no such file"),
        (["rules.files=[nowhere.yaml]"], 3, "nowhere.yaml: No such file"),
        (["model.provider=cuda"], 2, "no CUDA provider"),
    ],
    ids=["topics", "broker", "artefact", "rules", "gpu"],
)
async def test_a_start_that_cannot_work_says_why(setup: Setup, overrides: list[str], code: int, message: str) -> None:
    """Each reason not to start has its exit code, and one line that names what is wrong."""
    engine = setup.engine(*overrides)
    assert engine.process.wait(30) == code
    assert message in engine.text()
    assert "Traceback" not in engine.text()


async def test_a_topic_set_up_wrongly_is_refused(setup: Setup) -> None:
    """A raw topic without append time, or dead letters smaller than the input, stop the start with the command."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=setup.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(setup.topic("raw"), 4, 1)])
    await admin.close()
    engine = setup.engine()
    assert engine.process.wait(30) == 5
    assert "message.timestamp.type is 'CreateTime' and must be 'LogAppendTime': kafka-configs.sh" in engine.text()


async def test_a_journal_with_several_partitions_is_refused(setup: Setup) -> None:
    """The journal's order is the order of decisions, so it has one partition."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=setup.bootstrap)
    await admin.start()
    settings = {"message.timestamp.type": "LogAppendTime"}
    await admin.create_topics([NewTopic(setup.topic("scored"), 3, 1, topic_configs=settings)])
    await admin.close()
    engine = setup.engine()
    assert engine.process.wait(30) == 5
    assert "has 3 partitions and must have 1" in engine.text()


async def test_pipelines_may_share_topics(setup: Setup) -> None:
    """A second pipeline, with its own name and group, tells its own alerts about the same items."""
    first = setup.engine().ready()
    await setup.send([news("1", HOT, "ACME")])
    until(lambda: len(alerts(setup)) == 1, 10, first.text)
    second = setup.engine("pipeline=other", "kafka.group=other").ready()
    until(lambda: len(alerts(setup)) == 2, 10, second.text)
    sources = {record.headers["ce_source"] for record in read_topic(setup.bootstrap, setup.topic("alerts"))}
    assert len(sources) == 2


@pytest.mark.parametrize(
    ("client", "message"),
    [
        ("{security_protcol: SSL}", "unknown key 'security_protcol'; did you mean 'security_protocol'?"),
        ("{security_protocol: SSL, ssl_cafile: nowhere.pem}", "kafka.client: nowhere.pem: "),
    ],
)
async def test_wrong_security_settings_are_configuration(setup: Setup, client: str, message: str) -> None:
    """A misspelt key or a missing certificate is one line and exit code 2."""
    engine = setup.engine(f"kafka.client={client}")
    assert engine.process.wait(30) == 2
    assert message in engine.text()
    assert "Traceback" not in engine.text()
