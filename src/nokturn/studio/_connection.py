"""A connection that cannot be held open for nothing: uvicorn's, with clocks.

A client that opens a connection and sends no request, sends its headers byte by byte, goes on
sending after its answer, or asks for much and reads nothing, is cut off; one that waits between two
requests has uvicorn's own clock. Another machine gets so many connections and no more. When the
studio closes, so do the streams of events.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from nokturn.studio._hosts import is_loopback

HEADERS_S = 10.0
LINGER_S = 30.0  # of a body whose answer is out: cut off at once, many a client misses the answer
READER_S = 30.0
A_CLIENT = 100  # connections from one other machine; all programs on this one are one client


class Connection(H11Protocol):
    """One connection of HTTP/1.1."""

    _waiting: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the headers must come soon."""
        super().connection_made(transport)
        if self._is_one_too_many():
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._waiting = _stopped(self._waiting)
        self._stuck = _stopped(self._stuck)

    def pause_writing(self) -> None:
        """The client reads more slowly than the studio writes."""
        super().pause_writing()
        self._stuck = self._stuck or self.loop.call_later(READER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        self._stuck = _stopped(self._stuck)

    def shutdown(self) -> None:
        """The studio closes: whoever still gets an answer sees its end."""
        super().shutdown()
        self.transport.close()

    def _is_one_too_many(self) -> bool:
        who = self.client[0] if self.client else ""
        if not who or is_loopback(who):
            return False
        ours = [one.client for one in self.connections if isinstance(one, Connection)]
        return sum(client is not None and client[0] == who for client in ours) > A_CLIENT

    def _watch(self) -> None:
        """Set the clock while there is no request to answer, or its answer is out."""
        over = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        if over or self.conn.their_state is h11.IDLE:
            seconds = LINGER_S if over else HEADERS_S
            self._waiting = self._waiting or self.loop.call_later(seconds, self.transport.abort)
        else:
            self._waiting = _stopped(self._waiting)


def _stopped(clock: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Stop a clock; what stands in its place is none."""
    if clock:
        clock.cancel()
    return None
