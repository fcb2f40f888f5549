"""What happened, as an exit code; the only place that turns an error into words on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from funnelkit.cli.output import say, silence
from funnelkit.cli.typed import typing
from funnelkit.errors import CheckFailed, FunnelkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 2
DATA = 3
INTERNAL = 4
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command; return 0 fine, 1 check failed, 2 usage, 3 data, 4 bug, 5 could not check.

    With FUNNELKIT_DEBUG set, an error of funnelkit itself shows its traceback.
    """
    try:
        from funnelkit.cli.app import application

        app = application(arguments[0] if arguments else None)
        with typing(arguments):
            app(args=list(arguments), prog_name="funnelkit", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    except FunnelkitError as error:
        say([f"{'failed' if isinstance(error, CheckFailed) else 'error'}: {error}"])
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        silence()
        return 0
    except Exception as error:  # noqa: BLE001 - whatever else it is, the user gets words
        return _unexpected(error)
    return 0


def _interrupted() -> int:
    say(["interrupted"])
    return INTERRUPTED


def _unexpected(error: Exception) -> int:
    """Return the exit code of an error that no module foresaw, having said what is known."""
    if isinstance(error, RuntimeError) and "interrupted" in str(error).lower():
        return _interrupted()  # Ctrl-C while DuckDB was at work
    if os.environ.get("FUNNELKIT_DEBUG"):
        raise error
    if isinstance(error, OSError):
        silence()
        where = f"{error.filename}: " if error.filename else ""
        say([f"error: {where}{error.strerror or error}"])
        return DATA
    say(
        [
            f"internal error: {type(error).__name__}: {error}",
            "This is a mistake in funnelkit, not in your data. FUNNELKIT_DEBUG=1 shows where.",
        ]
    )
    return INTERNAL


def main() -> None:
    """Run the command line and end the process with the exit code of what happened."""
    sys.exit(run(sys.argv[1:]))
