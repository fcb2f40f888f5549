"""Threads that turn chunks into runs, each with a connection of its own, while others are split."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from funnelkit.events.connection import another

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from duckdb import DuckDBPyConnection

AT_ONCE: Final = 2
"""Chunks that are worked at. At the end of a query DuckDB has no work for all of its threads, and
the next chunk's query takes those that are idle."""

_Attempt = TypeVar("_Attempt")


class Crew:
    """Does work in two parts: the first of several at once, the second in the order of the work.

    What one piece of work may learn only from those before it belongs into the second part.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._connections: SimpleQueue[DuckDBPyConnection] = SimpleQueue()
        self._opened = 0
        self._at_work: deque[Future[None]] = deque()

    def submit(
        self,
        attempt: Callable[[DuckDBPyConnection], _Attempt],
        settle: Callable[[DuckDBPyConnection, _Attempt], None],
    ) -> None:
        """Begin work: `attempt` at once, then `settle` with what it returned, in order.

        Waits until a thread is free. Raises what earlier work has raised.
        """
        before = self._at_work[-1] if self._at_work else None
        while len(self._at_work) >= AT_ONCE:
            self._at_work.popleft().result()
        if self._opened < AT_ONCE:
            self._connections.put(another(self._connection))
            self._opened += 1
        self._at_work.append(self._threads.submit(self._work, attempt, settle, before))

    def _work(
        self,
        attempt: Callable[[DuckDBPyConnection], _Attempt],
        settle: Callable[[DuckDBPyConnection, _Attempt], None],
        before: Future[None] | None,
    ) -> None:
        connection = self._connections.get()
        try:
            found = attempt(connection)
            if before is not None:
                before.result()  # it began before this one, so that it ends
            settle(connection, found)
        finally:
            self._connections.put(connection)

    def wait(self) -> None:
        """Wait until all work is done; raise what the first that failed has raised."""
        while self._at_work:
            self._at_work.popleft().result()

    def close(self) -> None:
        """End the threads, when those at work have ended; what has not begun is left undone."""
        self._threads.shutdown(cancel_futures=True)
        while not self._connections.empty():
            self._connections.get().close()
