"""The simulator: a store's visitors, as events that a funnel can be drawn from.

>>> from funnelkit.events.simulation import simulate
>>> store = simulate("workshop", seed=1, returning=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from funnelkit.events.simulation.catalog import Catalog
    from funnelkit.events.simulation.scenario import Scenario
    from funnelkit.events.simulation.simulation import Simulation

__all__ = ["simulate"]


def simulate(
    scenario: str | Path | Scenario = "workshop",
    *,
    seed: int = 0,
    clock: datetime | str | None = None,
    timezone: str | None = None,
    days: int | None = None,
    sessions_per_day: int | None = None,
    returning: float | None = None,
    templates: Mapping[str, Sequence[Any] | Mapping[str, Any]] | None = None,
    weights: Mapping[str, Mapping[str, float]] | None = None,
    hours: Sequence[float] | None = None,
    go_on: Sequence[float] | None = None,
    gap_seconds: tuple[int, int] | None = None,
    jitter_seconds: int | None = None,
    platform: str | None = None,
    identify: bool | None = None,
    insert_id: bool | None = None,
    session_id: bool | None = None,
    uplift: float | None = None,
    catalog: Catalog | str | Path | None = None,
    users: str | Path | None = None,
    reproduce_original_bugs: bool = False,
) -> Simulation:
    """Simulate a store's visitors; what is None stays as the scenario has it.

    Args:
        scenario: `workshop`, `workshop-search`, `workshop-experiment`, a TOML file, or a record.
        seed: The same seed gives the same events on every machine.
        clock: Where the last period ends.
        timezone: Of the clock and of the hours of the day.
        days: The length of every period.
        sessions_per_day: Each hour gets the whole part of its share, so 10 a day become 5.
        returning: The chance, 0 to 1, that a session's user was there before.
        templates: For each period by name, its templates: a list, or a mapping with names. A
            template is a list of events, each a name or a pair (name, properties); a property is
            a constant, a list to draw from, a `"{field}"` or a function of the session's state,
            and `"expand"` a function that returns several. Properties add to those that the
            scenario gives events of that name.
        weights: For each period by name, the weights of templates by name; others have 1.
        hours: 24 percentages of a day's sessions.
        go_on: The chances to go on to event 2, 3, …; the last one repeats.
        gap_seconds: The shortest and the longest time between two events.
        jitter_seconds: Sessions start up to so much after their hour's mark.
        platform: `web`, `ios` or `android`.
        identify: Add the users' traits.
        insert_id: Number the events, so that sending twice does not count twice.
        session_id: Add session ids; the original had none.
        uplift: In points; only for a scenario with an experiment.
        catalog: The original's `products.yaml`, or a record; the built-in catalog otherwise.
        users: The original's `users.json` or `users.json.gz`; invented people otherwise.
        reproduce_original_bugs: Restore the original's faults that change numbers; no user
            returns then, unless `returning` says otherwise (docs/simulator.md).

    Raises:
        DefinitionError: an option or the scenario is wrong.
        DataError: a file cannot be read.
    """
    from funnelkit.events.simulation.catalog import Catalog, own_catalog, read_catalog
    from funnelkit.events.simulation.changes import with_settings, with_templates
    from funnelkit.events.simulation.original import with_original_bugs
    from funnelkit.events.simulation.pool import OwnPool, read_pool
    from funnelkit.events.simulation.scenario import Scenario
    from funnelkit.events.simulation.scenario_files import load_scenario
    from funnelkit.events.simulation.settings import path_of, setting_of
    from funnelkit.events.simulation.simulation import Simulation

    story = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    story = with_templates(
        story, {} if templates is None else templates, {} if weights is None else weights, days
    )
    if setting_of("reproduce_original_bugs", reproduce_original_bugs):
        story = with_original_bugs(story)
    story = with_settings(
        story,
        uplift=uplift,
        clock=clock,
        timezone=timezone,
        sessions_per_day=sessions_per_day,
        returning=returning,
        hours=hours,
        go_on=go_on,
        gap_seconds=gap_seconds,
        jitter_seconds=jitter_seconds,
        platform=platform,
        identify=identify,
        insert_id=insert_id,
        session_id=session_id,
    )
    if not isinstance(catalog, Catalog):
        catalog = own_catalog() if catalog is None else read_catalog(path_of(catalog, "catalog"))
    pool = OwnPool() if users is None else read_pool(path_of(users, "users"))
    return Simulation(story, setting_of("seed", seed), catalog, pool)
