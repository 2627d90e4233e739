"""The bare two-hop echo: what comes in on one topic goes out on another, and nothing else happens.

Run as a process beside the load, as the engine is, with the engine's client, acks and settings: what the engine
takes longer than this is its own.
"""

from __future__ import annotations

import sys

import uvloop

from engine.config import KafkaConfig
from engine.io.kafka.client import consumer, partitions_of, producer


async def echo(brokers: str, into: str, out: str) -> None:
    """Echo until killed; prints ``ready`` once it listens."""
    config = KafkaConfig(brokers=brokers)
    reader, writer = consumer(config, "echo"), producer(config, "echo", 1_000_000)
    await reader.start()
    await writer.start()
    reader.assign(await partitions_of(reader, into))
    await reader.seek_to_end()
    print("ready", flush=True)
    while True:
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                await writer.send(out, record.value, key=record.key)


if __name__ == "__main__":
    uvloop.run(echo(*sys.argv[1:4]))
