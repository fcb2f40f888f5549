"""What an event costs on Spark, in processor seconds, beside DuckDB; and what one huge user does.

Two sizes of the same events are read, so that what starting costs falls out: an event costs the
difference of the two divided by the events between them. Processor time of the driver, the JVM and
the Python workers counts, because it hardly depends on what else the machine does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from generate import START, STEPS, by_time, events_argument

TICKS = 100  # a second, in /proc on Linux
MASTER = "local[2]"


@dataclass
class Watch:
    """What a process and all below it took: processor seconds, and the most memory by program."""

    root: int
    python: int = 0
    java: int = 0

    def processes(self) -> list[tuple[str, float, int]]:
        """Return program, processor seconds and bytes of each process of the tree."""
        stats = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                text = (folder / "stat").read_text()
                pages = int((folder / "statm").read_text().split()[1])
            except (OSError, ValueError):
                continue
            fields = text.rpartition(")")[2].split()
            seconds = sum(map(int, fields[11:15])) / TICKS  # children that are gone included
            program = text.partition("(")[2].rpartition(")")[0]
            stats[int(folder.name)] = (int(fields[1]), program, seconds, pages * 4096)
        found, waiting = [], [self.root]
        while waiting:
            parent = waiting.pop()
            if parent in stats:
                found.append(stats[parent][1:])
            waiting += [process for process, (above, *_) in stats.items() if above == parent]
        return found

    def look(self) -> float:
        """Note the memory; return the processor seconds so far."""
        seconds = 0.0
        for program, taken, size in self.processes():
            seconds += taken
            if program == "java":
                self.java = max(self.java, size)
            else:
                self.python = max(self.python, size)
        return seconds


def measure(path: str, engine: str, more: dict[str, str]) -> None:
    """Report once to warm up and once more; print what the second took."""
    import os

    import funnelkit as fk

    watch = Watch(os.getpid())
    session = None
    known: dict[str, object] = {"steps": " > ".join(STEPS), "window": "7d", **more}
    if engine == "spark":
        from funnelkit.engine.spark.session import spark_session

        session = spark_session(MASTER)
        session.__enter__()
        known["engine"] = "spark"
    small = Path(path).with_name("warm.parquet")
    fk.report(small, **known)
    done = threading.Event()

    def keep_looking() -> None:
        while not done.wait(0.2):
            watch.look()

    looking = threading.Thread(target=keep_looking)
    looking.start()
    before, started = watch.look(), time.monotonic()
    result = fk.report(path, **known)
    took, cpu = time.monotonic() - started, watch.look() - before
    done.set()
    looking.join()
    if session is not None:
        session.__exit__(None, None, None)
    print(
        json.dumps({
            "counts": result.segments[0].counts, "wall": took, "cpu": cpu,
            "python": watch.python, "java": watch.java,
        })
    )  # fmt: skip


def run(path: Path, engine: str, **more: str) -> dict[str, object]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(path.absolute()), engine, json.dumps(more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def with_a_robot(source: Path, events: int) -> Path:
    """Return the events of a file and as many more of one user."""
    import duckdb

    path = source.with_name(f"robot_{events}_{source.name}")
    if not path.exists():
        step = "list_extract($steps, 1 + range % 4)"
        duckdb.execute(
            f"COPY (FROM '{source}' UNION ALL BY NAME SELECT 'robot' AS user_id, "  # noqa: S608
            f"{step} AS event_type, make_timestamp({START} * 1000000 + range * 1000000) "
            f"AS event_time FROM range({events})) TO '{path}' (FORMAT parquet)",
            {"steps": list(STEPS)},
        ).fetchall()
    return path


def main() -> None:
    """Print the cost of an event by engine and view, and of one user with many events."""
    most = events_argument(__doc__).parse_args().events
    least = most // 4
    small, large = by_time(least), by_time(most)
    warm = small.path.with_name("warm.parquet")
    if not warm.exists():
        import duckdb

        duckdb.execute(
            f"COPY (FROM '{small.path}' LIMIT 200000) TO '{warm}' (FORMAT parquet)"
        ).fetchall()
    views = {"plain": {}, "grouped": {"group_by": "feature"}, "new users": {"users": "new"}}
    for view, more in views.items():
        for engine in ("duckdb", "spark"):
            found = [run(path, engine, **more) for path in (small.path, large.path)]
            each = [(taken["cpu"], taken["wall"]) for taken in found]
            cpu = (each[1][0] - each[0][0]) / (most - least) * 1e6
            wall = (each[1][1] - each[0][1]) / (most - least) * 1e6
            print(
                f"{view:10} {engine:7} {cpu:6.2f} processor seconds and {wall:5.2f} seconds a "
                f"million events; {each[1][0]:.1f} and {each[1][1]:.1f} for {most:,}; at most "
                f"{found[1]['python'] / 2**20:,.0f} MiB a Python process, "
                f"{found[1]['java'] / 2**20:,.0f} MiB Java; counts {found[1]['counts']}",
                flush=True,
            )
    for events in (most // 20, most // 5):
        taken = run(with_a_robot(small.path, events), "spark")
        print(
            f"{least:,} events and one user with {events:,}: {taken['cpu']:.1f} processor seconds, "
            f"{taken['wall']:.1f} seconds, at most {taken['python'] / 2**20:,.0f} MiB a Python "
            "process",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
    else:
        main()
