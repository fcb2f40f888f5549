"""A scenario with some of its settings replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.events.simulation.settings import fraction_of, mapping_of, setting_of
from funnelkit.events.simulation.templates import template_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelkit.events.simulation.scenario import PeriodPlan, Scenario
    from funnelkit.events.simulation.templates import Template


def with_settings(scenario: Scenario, *, uplift: float | None = None, **settings: Any) -> Scenario:
    """Return the scenario with every setting that is not None.

    Raises:
        DefinitionError: a value is wrong, or an uplift is given where there is no experiment.
    """
    changes = {key: setting_of(key, raw) for key, raw in settings.items() if raw is not None}
    if uplift is not None:
        if scenario.experiment is None:
            raise DefinitionError(
                f"scenario {scenario.name!r} has no experiment, so nothing can have an uplift; "
                "try workshop-experiment"
            )
        points = fraction_of(uplift, "uplift")
        changes["experiment"] = replace(scenario.experiment, uplift=points)
    return replace(scenario, **changes)


def with_templates(
    scenario: Scenario,
    templates: Mapping[str, Sequence[Any] | Mapping[str, Any]],
    weights: Mapping[str, Mapping[str, float]],
    days: int | None,
) -> Scenario:
    """Return the scenario with other templates, weights or lengths for its periods.

    Raises:
        DefinitionError: a period or a template is unknown or wrong.
    """
    templates = mapping_of(templates, "'templates'")
    weights = mapping_of(weights, "'weights'")
    if not templates and not weights and days is None:
        return scenario
    names = [period.name for period in scenario.periods]
    _known((*templates, *weights), names, "the scenario has no period")
    periods = tuple(
        _period(period, scenario, templates.get(period.name), weights.get(period.name, {}), days)
        for period in scenario.periods
    )
    return replace(scenario, periods=periods)


def _period(
    period: PeriodPlan,
    scenario: Scenario,
    templates: Sequence[Any] | Mapping[str, Any] | None,
    weights: Mapping[str, float],
    days: int | None,
) -> PeriodPlan:
    if days is not None:
        period = replace(period, days=setting_of("days", days))
    if templates is not None:
        found = _templates(period.name, scenario, templates)
        period = replace(period, templates=found, weights=(Fraction(1),) * len(found))
    names = [template.name for template in period.templates]
    weights = mapping_of(weights, f"weights of period {period.name!r}")
    _known(weights, names, f"period {period.name!r} has no template")
    heavier = (
        fraction_of(weights[name], f"weight of {name}") if name in weights else weight
        for name, weight in zip(names, period.weights, strict=True)
    )
    return replace(period, weights=tuple(heavier))


def _templates(
    period: str, scenario: Scenario, templates: Sequence[Any] | Mapping[str, Any]
) -> tuple[Template, ...]:
    where = f"templates of period {period!r}"
    if isinstance(templates, (str, bytes)) or not isinstance(templates, (Mapping, Sequence)):
        raise DefinitionError(f"{where}: a list or a mapping of templates; got {templates!r}")
    if not isinstance(templates, Mapping):
        templates = {f"{period} {number}": steps for number, steps in enumerate(templates, start=1)}
    events = dict(scenario.events)
    return tuple(
        template_of(name, steps, events) for name, steps in mapping_of(templates, where).items()
    )


def _known(names: Iterable[str], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise DefinitionError(f"{what} {name!r}; there are {', '.join(known)}.{hint}")
