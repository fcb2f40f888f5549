"""The A/B view of a report: which of its series are variants, and which one is the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError, UnsupportedError, those_there_are

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import Series
    from funnelkit.stats.ab import AbTest


def check_ab(funnel: Funnel, baseline: str) -> None:
    """Raise where the funnel has no variants to judge, as far as its definition tells.

    Raises:
        UnsupportedError: paths are counted, or the series differ by their steps.
        DefinitionError: there are neither segments nor groups, or no segment of that name.
    """
    if funnel.count_by == "totals":
        raise UnsupportedError(
            "the A/B view judges unique units: of paths one unit makes several, which no t-test "
            "knows (specification A11f)"
        )
    if funnel.optional_step is not None or funnel.compared_events:
        raise UnsupportedError(
            "the A/B view compares segments or groups: an optional step or a compared event makes "
            "several funnels of the same units"
        )
    if len(funnel.segments) > 1:
        _check_name(baseline, [segment.name for segment in funnel.segments], what="segment")
    elif funnel.group_by is None:
        raise DefinitionError(
            f"the baseline {baseline!r} has nothing beside it: give a --segment per variant, or "
            "--group-by the property that holds the variant"
        )


def ab_view(funnel: Funnel, series: Sequence[Series], baseline: str) -> AbTest:
    """Return the variants against the baseline: the segments, or else the groups of the only one.

    Raises:
        DefinitionError: there is no such group.
    """
    from funnelkit.stats.ab import ab_test

    variants = list(series)
    if len(variants) == 1:
        # Those who did not get to the grouped step have no value, so they are no variant.
        variants = [group for group in series[0].groups if group.values]
        _check_name(baseline, [group.name for group in variants], what="group")
    return ab_test(
        [(variant.name, variant.counts[0], variant.counts[-1]) for variant in variants],
        baseline=[variant.name for variant in variants].index(baseline),
        t_test=funnel.settings.t_test,
        variance=funnel.settings.variance,
    )


def _check_name(baseline: str, names: Sequence[str], *, what: str) -> None:
    if baseline not in names:
        hint = those_there_are(baseline, names)
        raise DefinitionError(f"no {what} is called {baseline!r}.{hint}")
