"""The original's faults that change numbers, as changes to a scenario (docs/simulator.md)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from funnelkit.events.simulation.values import Field

if TYPE_CHECKING:
    from funnelkit.events.simulation.scenario import PeriodPlan, Scenario
    from funnelkit.events.simulation.templates import Properties, TemplateEvent


def with_original_bugs(scenario: Scenario) -> Scenario:
    """Return the scenario as the original's last version would play it.

    No user returns; the misspelt ProductsSearched has the name of the real search; CartViewed
    carries a product; each event names a product of its own (`original_bugs`).
    """
    viewed = dict(scenario.events).get("ProductViewed", ())
    product = tuple(
        (name, value)
        for name, value in viewed
        if isinstance(value, Field) and value.name.startswith("product.")
    )
    return replace(
        scenario,
        periods=tuple(_period(period, product) for period in scenario.periods),
        returning=Fraction(0),
        original_bugs=True,
    )


def _period(period: PeriodPlan, product: Properties) -> PeriodPlan:
    templates = tuple(
        replace(template, events=tuple(_event(event, product) for event in template.events))
        for template in period.templates
    )
    return replace(period, templates=templates)


def _event(event: TemplateEvent, product: Properties) -> TemplateEvent:
    if event.event_type == "ProductsSearched":
        return replace(event, event_type="ProductSearched")
    if event.event_type == "CartViewed":
        return replace(event, properties=product)
    return event
