"""How long `funnelkit report` takes on the sample, from nothing to the last byte of output.

The first run ever finds nothing that funnelkit keeps between two runs: no tables of the parser, and
nothing that numba compiled. Python's own byte code is there, as pip puts it there; without that as
well, the time is printed for information.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generate import STEPS
from turns import Contender, Target, take_turns

import funnelkit
from funnelkit.sample import sample_folder

REPORT = (
    *("-m", "funnelkit", "report", str(sample_folder() / "workshop")),
    *("--steps", " > ".join(STEPS)),
)
ROUNDS = 7


ENVIRONMENT = {name: value for name, value in os.environ.items() if "DONTWRITEBYTECODE" not in name}
"""Warm means that Python has compiled the modules before, as it does where they are installed."""


@dataclass(frozen=True, slots=True)
class Program:
    """Arguments of Python, what they start without, and the bound in seconds.

    `forgotten` are variables that name folders of kept results; they are empty when it starts.
    """

    name: str
    arguments: tuple[str, ...]
    target: Target | None = None
    forgotten: tuple[str, ...] = ()

    def run(self) -> None:
        """Run it once."""
        if self.forgotten:
            for kept in Path(funnelkit.__file__).parent.rglob("__pycache__/*.lark"):
                kept.unlink()
        with tempfile.TemporaryDirectory() as empty:
            subprocess.run(
                [sys.executable, *self.arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                env=ENVIRONMENT | dict.fromkeys(self.forgotten, empty),
            )


COMPILED, BYTE_CODE = "NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX"
PROGRAMS = (
    Program("bare Python", ("-c", "pass")),
    Program("import funnelkit", ("-c", "import funnelkit")),
    Program("funnelkit --help", ("-m", "funnelkit", "--help"), Target(most=0.2)),
    Program("funnelkit report --format json", (*REPORT, "--format", "json")),
    Program("funnelkit report", REPORT, Target(most=0.45)),
    Program("the same, first run ever", REPORT, Target(most=1.0), (COMPILED,)),
    Program("the same, no byte code either", REPORT, forgotten=(COMPILED, BYTE_CODE)),
)


def main() -> int:
    """Run all in turns and print the median of each; return 1 if one takes too long."""
    found = take_turns([Contender(each.name, "the sample", each.run) for each in PROGRAMS], ROUNDS)
    kept = True
    for program, times in zip(PROGRAMS, found, strict=True):
        line = f"{program.name:32} {times.seconds:6.3f} s ({min(times.clock):.3f} at best)"
        if program.target is not None:
            line += f"  {program.target.verdict(times.seconds)}"
            kept &= program.target.kept_by(times.seconds)
        print(line)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
