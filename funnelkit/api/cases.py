"""Which funnels are to be verified: those of files, and the one that options define."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from funnelkit.model import Funnel
    from funnelkit.specs.files import FunnelEntry
    from funnelkit.verification.arguments import Arguments
    from funnelkit.verification.case import Case


def cases_of(
    files: str | Path | Sequence[str | Path] = (),
    *,
    events: Any = None,
    funnel: Funnel | str | None = None,
    expect: str | Sequence[int] | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> tuple[Case, ...]:
    """Return the cases of files, with the events and the definition that were said beside them.

    Raises:
        DefinitionError: a file or an option is wrong, or there is no case.
        DataError: a saved answer cannot be read.
    """
    from pathlib import Path

    from funnelkit.specs.define import define, project_of
    from funnelkit.verification.arguments import Arguments, funnel_files, told_apart
    from funnelkit.verification.collect import collect

    given = [files] if isinstance(files, (str, Path)) else [*files]
    arguments = told_apart(given)
    if not given and funnel is None and "steps" not in definition:
        arguments = Arguments(funnels=tuple(funnel_files(Path())))
    custom_events, settings = project_of(definition)
    chosen = _chosen(funnel, expect, definition, arguments)
    cases = collect(arguments, chosen=chosen, custom_events=custom_events, settings=settings)
    if not cases:
        raise DefinitionError(
            "nothing is to be verified: there is no *.funnel.toml here, and no file was given"
        )
    found = []
    for place, case in enumerate(cases):
        is_chosen = chosen is not None and not place  # the options are part of it
        changed = definition and not is_chosen
        one = replace(case, funnel=define(funnel=case.funnel, **definition)) if changed else case
        read = events if events is not None else (arguments.events or case.events)
        found.append(replace(one, events=read, columns=columns or case.columns))
    return tuple(found)


def on_terms(case: Case, settle: str | None, allow: Sequence[str]) -> Case:
    """Return the case with a time to settle, and doubts that are put up with, of options.

    Raises:
        DefinitionError: one of them cannot be read.
    """
    from funnelkit.specs.times import parse_window
    from funnelkit.verification.expect_table import check_doubt

    terms = case.terms
    if settle is not None:
        terms = replace(terms, settle=parse_window(settle, what="settle"))
    for name in allow:
        check_doubt(name)
    return replace(case, terms=replace(terms, allow=(*terms.allow, *allow)))


def check_events(case: Case) -> None:
    """Raise `DefinitionError` where nobody said where the events are."""
    if isinstance(case.events, (list, tuple)) and not case.events:
        raise DefinitionError(
            f'{case.title}: where are its events? Say events = "…" in the file, or name them: '
            "funnelkit verify FILE EVENTS"
        )


def _chosen(
    funnel: Funnel | str | None,
    expect: str | Sequence[int] | None,
    definition: Mapping[str, Any],
    arguments: Arguments,
) -> FunnelEntry | None:
    """Return the entry of the funnel that the options define, if they do."""
    from funnelkit.model.funnel import DEFAULT_WINDOW
    from funnelkit.specs.amplitude.definitions import is_query
    from funnelkit.specs.define import define, project_of
    from funnelkit.specs.files import FunnelEntry, select_funnel
    from funnelkit.verification.expectation import expected_counts

    if funnel is None and "steps" not in definition:
        if expect is not None:
            raise DefinitionError("--expect is of one funnel: give --steps or --funnel")
        return None
    if arguments.funnels:
        files = ", ".join(map(str, arguments.funnels))
        raise DefinitionError(
            f"{files} has the steps: give neither --steps nor --funnel, but -k NAME to choose"
        )
    if isinstance(funnel, str):
        custom_events, settings = project_of(definition)
        entry = select_funnel(funnel, custom_events=custom_events, settings=settings)
        base = entry.funnel
        if is_query(funnel) and base.window is None:  # the API's own default
            base = replace(base, window=DEFAULT_WINDOW)
        entry = replace(entry, funnel=define(funnel=base, **definition))
    else:
        defined = define(funnel=funnel, **definition)
        entry = FunnelEntry(name=defined.name or "funnel", funnel=defined)
    if expect is not None:
        counts = expected_counts(expect, entry.funnel)
        entry = replace(entry, expect=counts, expect_table=None)
    return entry
