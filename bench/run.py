"""All benchmarks, one after the other; exit code 1 if one misses its target: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from generate import events_argument


def main() -> int:
    """Run each in a process of its own, so that none sees what another left behind."""
    size = ["--events", str(events_argument(__doc__).parse_args().events)]
    here = Path(__file__).parent
    missed = 0
    for name, title, arguments in (
        ("speed", "Speed", size),
        ("views", "Every view", size),
        ("memory", "Memory", size),
        ("import", "Import", size),
        ("startup", "Start-up", []),
    ):
        print(f"\n== {title} ==", flush=True)
        done = subprocess.run([sys.executable, here / f"{name}.py", *arguments], check=False)
        missed += done.returncode != 0
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
