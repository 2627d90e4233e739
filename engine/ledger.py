"""What was read and what is acknowledged. Commits never pass an item whose journal record or alert is not safe."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.ports import Source
from engine.types import Delivery


class Ledger:
    """Per partition, the contiguous acknowledged prefix.

    The source is told the next offset to read whenever a partition's prefix grows; an embargoed item that
    re-entered has no prefix and is released by itself. An acknowledgement that fails for good breaks the
    ledger: ``settle`` raises its error, and its partition's prefix grows no more.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: dict[tuple[str, int], dict[int, bool]] = {}
        self._pending = 0
        self._ended = False
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def pending(self) -> int:
        """How many deliveries are read and not yet acknowledged."""
        return self._pending

    def open(self, delivery: Delivery) -> None:
        """A delivery was read; it holds its partition's prefix back until it is closed."""
        self._pending += 1
        if not delivery.held:
            origin = delivery.origin
            self._open.setdefault((origin.topic, origin.partition), {})[origin.offset] = False

    def close_after(self, delivery: Delivery, acks: Sequence[asyncio.Future[None]]) -> None:
        """Close the delivery once every one of these is acknowledged; at once where there are none."""
        missing = set(acks)
        if not missing:
            self._close(delivery)

        def acknowledged(ack: asyncio.Future[None]) -> None:
            error = asyncio.CancelledError() if ack.cancelled() else ack.exception()
            if error is not None:
                self._break(error)  # The failed one stays missing, so the delivery is never closed.
                return
            missing.discard(ack)
            if not missing:
                self._close(delivery)

        for ack in tuple(missing):
            ack.add_done_callback(acknowledged)

    def end(self) -> None:
        """No more will be opened."""
        self._ended = True
        self._check()

    async def settle(self) -> None:
        """Return once reading has ended and all is acknowledged; raise as soon as an acknowledgement failed."""
        await self._settled

    def _close(self, delivery: Delivery) -> None:
        self._pending -= 1
        if delivery.held:
            self._source.release(delivery)
        else:
            self._advance((delivery.origin.topic, delivery.origin.partition), delivery.origin.offset)
        self._check()

    def _advance(self, partition: tuple[str, int], offset: int) -> None:
        open_here = self._open[partition]
        open_here[offset] = True
        closed = None
        while open_here and open_here[oldest := next(iter(open_here))]:
            del open_here[oldest]
            closed = oldest
        if closed is not None:
            self._source.commit({partition: closed + 1})

    def _check(self) -> None:
        if self._ended and self._pending == 0 and not self._settled.done():
            self._settled.set_result(None)

    def _break(self, error: BaseException) -> None:
        if not self._settled.done():
            self._settled.set_exception(error)
