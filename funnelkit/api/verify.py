"""A funnel against expected counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.report import report
from funnelkit.api.sources import resolve
from funnelkit.api.why import explain_counts
from funnelkit.errors import DefinitionError
from funnelkit.verification.reconciliation.search import MOST_PAIRS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from funnelkit.api.engines import Engine
    from funnelkit.model import Funnel
    from funnelkit.verification.expectation import Verification


def verify(
    events: Any,
    *,
    expect: str | Sequence[int] | None = None,
    why: bool | None = False,
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    engine: Engine = "duckdb",
    master: str | None = None,
    **definition: Any,
) -> Verification:
    """Compare the counts of a funnel with expected ones, exactly.

    Args:
        events: as for `report`.
        expect: one count per step, `"1177, 638, 448, 417"`; by default those of the funnel file.
        why: where the counts differ, look for the reading that makes them match (see `why`): one
            (None), or two together as well (true).
        funnel: as for `report`.
        data_end: as for `report`.
        columns: as for `report`.
        engine: as for `report`.
        master: as for `report`.
        definition: the other arguments of `report`; `window` is mandatory here, because Amplitude's
            chart and API do not share a default.

    Raises:
        DefinitionError: the definition or the expectation is wrong, or leaves the window open.
        DataError: the events cannot be read.
    """
    from funnelkit.specs.define import define
    from funnelkit.verification.expectation import Verification, expected_counts

    chosen, file_columns, file_expect = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    wanted = expect if expect is not None else file_expect
    if wanted is None:
        raise DefinitionError(
            f'nothing is expected: give --expect "1177, 638", one count per step{_read_as(events)}'
        )
    expected = expected_counts(wanted, defined)
    result = report(
        events,
        funnel=defined,
        data_end=data_end,
        columns=columns or file_columns,
        engine=engine,
        master=master,
    )
    found = Verification(result, expected)
    if why is False or found.ok or engine == "spark":  # which is for more events than one machine's
        return found
    explanation = explain_counts(
        events,
        expected,
        funnel=defined,
        data_end=data_end,
        columns=columns or file_columns,
        most_pairs=MOST_PAIRS if why else 0,
    )
    return Verification(result, expected, explanation)


def _read_as(events: Any) -> str:
    """Return that files are read as events which may be meant as answers of Amplitude's."""
    names = [str(each) for each in events] if isinstance(events, (list, tuple)) else []
    meant = [name for name in names if name.lower().endswith((".json", ".csv", ".txt"))]
    if not meant:
        return ""
    verb = "holds" if len(meant) == 1 else "hold"
    return f" ({', '.join(meant)} {verb} no chart and no answer about a funnel: read as events)"
