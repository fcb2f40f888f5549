"""The command line: parse, call the Python API, render, exit. No logic lives here."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with the exit code of what happened."""
    from funnelkit.cli.run import run

    sys.exit(run(sys.argv[1:]))
