"""What happened, as an exit code; the only place that turns an error into words on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 2
INTERNAL = 4
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command; return 0 fine, 1 check failed, 2 usage, 3 data, 4 bug, 5 could not check."""
    from funnelkit.cli.app import app

    try:
        app(args=list(arguments), prog_name="funnelkit", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    except FunnelkitError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - stderr is talk
        return error.exit_code
    except BrokenPipeError:
        # The reader left (`| head`): nothing more to say, and Python must not say it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return 0
