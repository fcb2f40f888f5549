"""All benchmarks, one after the other; exit code 1 if one misses a target: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from generate import events_argument


def main() -> int:
    """Run each in a process of its own, so that none sees what another left behind."""
    size = ["--events", str(events_argument(__doc__).parse_args().events)]
    here = Path(__file__).parent
    missed = []
    for name, title, arguments in (
        ("speed", "Speed", size),
        ("views", "Every view, on the same events", size),
        ("memory", "Memory", size),
        ("cores", "Processors", size),
        ("scaling", "More events, in the store", size),
        ("import", "Import", size),
        ("simulation", "Simulation", size),
        ("startup", "Start-up", []),
    ):
        print(f"\n== {title} ==", flush=True)
        done = subprocess.run([sys.executable, here / f"{name}.py", *arguments], check=False)
        if done.returncode:
            missed.append(title)
    print(f"\nTargets were missed in: {'; '.join(missed)}" if missed else "\nAll targets reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
