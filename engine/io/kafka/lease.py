"""One engine a pipeline: two that each know half of what was said would alert twice.

The lease is membership in a group of its own, held by heartbeats. A second engine is refused. After a crash the
dead member would linger for the session timeout; on the same host its process is seen to be gone, and the
successor starts at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Collection
from pathlib import Path

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from engine.config import KafkaConfig
from engine.errors import TakenError
from engine.io.kafka.client import connect, consumer, security, stop

_LOOK_AGAIN_SECONDS = 0.5
log = structlog.get_logger("kafka")


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """The right to run a pipeline; ``lost`` is done, with ``TakenError``, when another engine holds it."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config, self._group = config, f"{config.group}.lease"
        self._member: AIOKafkaConsumer | None = None
        self._joining: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def acquire(self) -> None:
        """Make sure that nobody else runs this pipeline, and stand for it.

        Raises:
            TakenError: another engine does, and kept giving signs of life for a whole session timeout.
        """
        deadline = time.monotonic() + self._config.session_timeout_s + 2.0
        while living := [name for name in await self._members() if not _is_gone(name)]:
            if time.monotonic() > deadline:
                raise TakenError(
                    f"pipeline group {self._config.group!r} is run by {living[0]} (host/pid/start); "
                    "stop that engine first, or give this one a pipeline name, kafka.group and held topic of its own"
                )
            log.info("waiting for another engine's lease to end", holder=living[0])
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        self._joining = asyncio.get_running_loop().create_task(self._join())

    async def stop(self) -> None:
        """Give the lease back."""
        for task in (self._joining, self._looking):
            if task is not None:
                task.cancel()
        if self._member is not None:
            await stop("lease", self._member.stop())

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """The group is about to be shared out anew; nothing to do before it is."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Whoever gets the partition holds the lease."""
        if assigned and self._member is not None:
            self._member.pause(*assigned)  # Membership is all that is wanted of it.
        else:
            self._looking = asyncio.get_running_loop().create_task(self._look_who())

    async def _look_who(self) -> None:
        """Another member got the partition: give way if it lives.

        One that was killed while it joined stays a member until its session ends, and may be given the partition;
        the next sharing out is then ours. Of several that wait for that, the first by name stays.
        """
        try:
            members = await self._members()
        except Exception as error:
            self._lose(error)
            return
        living = [name for name in members if name != _me() and not _is_gone(name)]
        holders = [name for name, holds in members.items() if holds]
        if any(name in holders or name < _me() for name in living):
            self._lose(TakenError(f"another engine took over pipeline group {self._config.group!r}"))

    def _lose(self, error: Exception) -> None:
        if not self.lost.done():
            self.lost.set_exception(error)

    async def _join(self) -> None:
        """Waits, after a crash, until the dead member is thrown out; meanwhile nobody else can get in either."""
        try:
            self._member = consumer(
                self._config,
                "lease",
                client_id=_me(),
                group_id=self._group,
                session_timeout_ms=int(self._config.session_timeout_s * 1000),
                heartbeat_interval_ms=1000,
            )
            self._member.subscribe([self._config.topics.held], listener=self)
            await connect(self._member.start(), self._config.brokers)
        except Exception as error:
            self._lose(error)

    async def _members(self) -> dict[str, bool]:
        """Everyone in the lease's group, by client id, and whether the partition is theirs."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._config.brokers, **security(self._config))
        await connect(admin.start(), self._config.brokers)
        try:
            for _ in range(40):  # Just after a broker's start its group coordinator is missing for some seconds.
                try:
                    (response,) = await admin.describe_consumer_groups([self._group])
                    topic = self._config.topics.held.encode()
                    return {member[1]: topic in member[4] for group in response.groups for member in group[5]}
                except KafkaError:
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            return {}
        finally:
            await admin.close()


def _me() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _is_gone(name: str) -> bool:
    """Whether the member is a process of this host that lives no longer."""
    host, _, rest = name.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(pid)) != started
