"""A difference that is known warns until a day, and fails once it is over or gone.

As an expected failure in pytest's strict sense: a note that nobody needs any more is taken out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from funnelkit.verification.checks import Check
    from funnelkit.verification.terms import KnownDifference


def with_known_difference(
    checks: Sequence[Check], known: KnownDifference | None, today: date
) -> Iterator[Check]:
    """Yield the checks; those that fail only warn as long as the difference is known.

    Where it has expired they fail and say so; where nothing differs any more the first one fails.
    """
    failing = [check for check in checks if check.verdict == "fail"]
    undecided = any(check.verdict == "undecided" for check in checks)
    no_longer_needed = known is not None and not failing and not undecided
    for number, check in enumerate(checks):
        if known is not None and check.verdict == "fail":
            if today <= known.until:
                reason = f"known until {known.until}: {known.reason}"
                yield replace(check, verdict="warn", reason=reason)
            else:
                reason = f"known_difference expired on {known.until}: {known.reason}"
                yield replace(check, reason=reason)
        elif known is not None and no_longer_needed and number == 0:
            reason = "nothing differs any more: take known_difference out"
            yield replace(check, verdict="fail", reason=reason)
        else:
            yield check
