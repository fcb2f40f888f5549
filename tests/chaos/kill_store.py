"""Kills whatever writes a store, again and again, and looks at what is left each time.

Imports, compactions, vacuums and erasures are killed (SIGKILL) at random moments. After each kill
the last version must be readable and hold exactly the events of the files in its ledger, without
those of the users who were erased. In the end everything is done once more, and must be complete.

`python tests/chaos/kill_store.py --kills 200`, or `make chaos`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

# All that the children need, so that they are quick; nothing of it starts a thread by itself.
import deltalake  # noqa: F401
import duckdb  # noqa: F401

from funnelkit.events.connection import connect
from funnelkit.events.store.compaction import compact
from funnelkit.events.store.forgetting import forget
from funnelkit.events.store.importing import import_into
from funnelkit.events.store.ledger import read_ledger
from funnelkit.events.store.reading import snapshot
from funnelkit.events.store.state import is_store
from funnelkit.events.store.vacuum import vacuum
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 6
EVENTS = 400
USERS = 40


def user(number: int) -> str:
    return f"user-{number % USERS:03}"


def write_sources(folder: Path) -> list[Path]:
    """Write files of events, each over two months, in which every user does something."""
    folder.mkdir()
    found = []
    for name in range(FILES):
        path = folder / f"part-{name}.jsonl"
        lines = (
            {
                "event_type": "AB"[number % 2],
                "user_id": user(number),
                "time": 1_770_000_000_000 + (name * EVENTS + number) * 1_000_000,
                "event_properties": {"n": number, f"p{name}": "x"},
                "uuid": f"{name}-{number}",
            }
            for number in range(EVENTS)
        )
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        found.append(path)
    return found


def in_child(work: Callable[[], object]) -> int:
    """Run something in a process of its own; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(code)
    raise AssertionError


def finished(work: Callable[[], object]) -> None:
    """Run something in a process of its own to its end."""
    _, status = os.waitpid(in_child(work), 0)
    assert os.waitstatus_to_exitcode(status) == 0


def check(store: Path, erased: frozenset[str]) -> None:
    """Hold the last version to its ledger.

    Users in `erased` are gone, or, where the erasure was killed before its commit, whole.
    """
    if not is_store(store) or not any((store / "_delta_log").glob("*.json")):
        return
    found = snapshot(store)
    names = {Path(one.name).stem.removeprefix("part-") for one in read_ledger(store, found.state.ledger)}  # noqa: E501  # fmt: skip
    paths = literally(str(store / file.path) for file in found.files)
    wanted = {(f"{name}-{number}", user(number)) for name in names for number in range(EVENTS)}
    rows: list[tuple[str, str]] = []
    if paths:
        with closing(connect()) as connection:
            rows = connection.execute(
                "SELECT uuid, user_id FROM read_parquet($files, union_by_name = true)",
                {"files": paths},
            ).fetchall()
    assert len(rows) == len({uuid for uuid, _ in rows}), "an event is there twice"
    assert found.rows == len(rows), "the log counts other events than there are"
    lacking = wanted - set(rows)
    assert not set(rows) - wanted, "there are events of an import that did not happen"
    assert {who for _, who in lacking} <= erased, "events were lost"


def torture(folder: Path, *, kills: int, seed: int) -> dict[str, int]:
    """Kill so many writers of a store in `folder`; return how many of each kind died at work."""
    chance = random.Random(seed)
    sources = write_sources(folder / "sources")
    store = folder / "store"
    erased: frozenset[str] = frozenset()
    died: dict[str, int] = {}
    start = time.perf_counter()
    finished(lambda: import_into([sources[0]], folder / "measured", buckets=2))
    longest = (time.perf_counter() - start) * 1.2
    while sum(died.values()) < kills:
        if chance.random() < 0.04:  # begin anew, now and then
            shutil.rmtree(store, ignore_errors=True)
            erased = frozenset()
        name = chance.choices(["import", "compact", "vacuum", "forget"], [7, 2, 1, 1])[0]
        if not is_store(store):
            name = "import"
        work: Callable[[], object]
        if name == "import":
            chosen = chance.sample(sources, chance.randint(1, 3))
            work = lambda chosen=chosen: import_into(chosen, store, buckets=2)  # noqa: E731
        elif name == "compact":
            work = lambda: compact(store)  # noqa: E731
        elif name == "vacuum":
            work = lambda: vacuum(store)  # noqa: E731
        else:
            who = user(chance.randrange(USERS))
            erased |= {who}
            work = lambda who=who: erase(store, who)  # noqa: E731
        child = in_child(work)
        time.sleep(chance.uniform(0, longest if name == "import" else longest / 5))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in {0, -signal.SIGKILL}, f"{name} failed by itself"
        if code:
            died[name] = died.get(name, 0) + 1
        finished(lambda erased=erased: check(store, erased))
    finished(lambda: import_into(sources, store, buckets=2))
    finished(lambda: compact(store))
    finished(lambda: vacuum(store))
    finished(lambda: check(store, erased))
    finished(lambda: complete(store, erased))
    return died


def erase(store: Path, who: str) -> None:
    from funnelkit.errors import DataError

    try:
        forget(store, who)
    except DataError as error:
        if "has no events of a user" not in str(error):
            raise


def complete(store: Path, erased: frozenset[str]) -> None:
    """Hold the store to all events of all who were not erased, and to no file too many."""
    assert snapshot(store).rows >= FILES * EVENTS // USERS * (USERS - len(erased))
    left = vacuum(store, dry_run=True).files
    assert not left, f"vacuum left {left}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="funnelkit-chaos-") as folder:
        start = time.perf_counter()
        died = torture(Path(folder), kills=chosen.kills, seed=chosen.seed)
        seconds = time.perf_counter() - start
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(died.items()))
    print(f"{sum(died.values())} kills ({kinds}) in {seconds:.0f} s: nothing was lost")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
