"""The users who may visit the store: an own, endless pool, or the original `users.json`."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from funnelkit.errors import DataError
from funnelkit.events.simulation.people import People, invented, listed

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.events.simulation.draws import Integers, Stream
    from funnelkit.events.simulation.scenario import Platform

FIRST_BLOCK: Final = 5_000
NEXT_BLOCKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class OwnPool:
    """Invented people without end: 5,000, and when all have come, a thousand more at a time."""

    def people(self, count: int, order: Stream, platform: Platform, *, traits: bool) -> People:
        """Return the first `count` visitors, in the order in which chance brings them."""
        return invented(arrival_order(count, FIRST_BLOCK, order) + 1, platform, traits=traits)


@dataclass(frozen=True, slots=True)
class ListedPool:
    """The users of a file; when all of them have come, invented ones follow."""

    users: tuple[dict[str, Any], ...]

    def people(self, count: int, order: Stream, platform: Platform, *, traits: bool) -> People:
        """Return the first `count` visitors, in the order in which chance brings them.

        The numbers of invented users lie above every number in the file: no two users share an id.
        """
        places = arrival_order(count, len(self.users), order)
        known = [self.users[place] for place in places[: len(self.users)].tolist()]
        above = max((int(user["id"]) for user in self.users if user["id"].isdecimal()), default=0)
        fresh = places[len(self.users) :] - len(self.users) + above + 1
        return listed(known, platform, traits=traits).then(invented(fresh, platform, traits=traits))


def arrival_order(count: int, known: int, order: Stream) -> Integers:
    """Return `count` distinct numbers: a random order of the first `known`, then of the next 1,000.

    Each block is exhausted before the next one is touched.
    """
    first = np.argsort(order.bits(np.arange(known, dtype=np.int64)))
    blocks = max(0, -(-(count - known) // NEXT_BLOCKS))
    later = np.arange(known, known + blocks * NEXT_BLOCKS, dtype=np.int64)
    shuffled = np.argsort(order.bits(later).reshape(blocks, NEXT_BLOCKS), axis=1)
    shuffled += later.reshape(blocks, NEXT_BLOCKS)[:, :1]
    return np.concatenate([first, shuffled.ravel()])[:count]


def read_pool(path: Path) -> ListedPool:
    """Read users in the format of the original `users.json`, gzipped or not: a list of objects.

    `id` is needed; `persona`, `platforms` and the traits are used where they are.

    Raises:
        DataError: the file is not such a list, or two users share an id.
    """
    try:
        raw = path.read_bytes()
        users = json.loads(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: not a readable list of users: {error}") from error
    if not isinstance(users, list) or not users:
        raise DataError(f"{path}: a user pool is a list of users; found {type(users).__name__}")
    seen: set[str] = set()
    found = []
    for number, user in enumerate(users, start=1):
        if not isinstance(user, dict) or user.get("id") in (None, ""):
            raise DataError(f"{path}: user {number} has no id")
        identity = str(user["id"])
        if identity in seen:
            raise DataError(f"{path}: two users have the id {identity!r}")
        seen.add(identity)
        found.append({**user, "id": identity, "persona": str(user.get("persona") or "")})
    return ListedPool(tuple(found))
