"""The command line: parse, call the Python API, render, exit. No logic lives here."""

from __future__ import annotations


def main() -> None:
    """Run the command line and end the process with the exit code of what happened."""
    try:
        from funnelkit.cli.run import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()
