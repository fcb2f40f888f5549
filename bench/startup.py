"""How long `funnelkit report` takes on the sample, from nothing to the last byte of output."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from generate import STEPS

from funnelkit.sample import sample_folder

REPORT = [
    *("-m", "funnelkit", "report", str(sample_folder() / "workshop")),
    *("--steps", " > ".join(STEPS)),
]
PROGRAMS = {
    "bare Python": ["-c", "pass"],
    "import funnelkit": ["-c", "import funnelkit"],
    "funnelkit --help": ["-m", "funnelkit", "--help"],
    "funnelkit report --format json": [*REPORT, "--format", "json"],
    "funnelkit report": REPORT,
}
ROUNDS = 7


ENVIRONMENT = {name: value for name, value in os.environ.items() if "DONTWRITEBYTECODE" not in name}
"""Warm means that Python has compiled the modules before, as it does where they are installed."""


def seconds(arguments: list[str]) -> float:
    """Run Python once and return how long that took."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        env=ENVIRONMENT,
    )
    return time.perf_counter() - start


def main() -> None:
    """Run all in turns and print the median of each."""
    times = [[seconds(arguments) for arguments in PROGRAMS.values()] for _ in range(ROUNDS + 1)]
    for name, taken in zip(PROGRAMS, zip(*times[1:], strict=True), strict=True):
        print(f"{name:32} {statistics.median(taken):6.3f} s")


if __name__ == "__main__":
    main()
