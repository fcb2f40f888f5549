"""Scenarios as TOML files: the shipped ones, and what people make of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError, did_you_mean
from funnelkit.events.simulation.scenario import Experiment, PeriodPlan, Scenario
from funnelkit.events.simulation.settings import fraction_of, path_of, setting_of
from funnelkit.events.simulation.templates import properties_of, template_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from funnelkit.events.simulation.templates import Properties, Template

SHIPPED: Final = ("workshop", "workshop-search", "workshop-experiment")

SETTINGS: Final = (
    "clock", "timezone", "sessions_per_day", "returning", "hours", "go_on", "gap_seconds",
    "jitter_seconds", "platform", "identify", "insert_id", "session_id",
)  # fmt: skip
TABLES: Final = ("periods", "templates", "events", "experiment")
NEEDED: Final = ("clock", "hours", "go_on", "periods", "templates")
PERIOD_KEYS: Final = ("name", "days", "templates")
EXPERIMENT_KEYS: Final = ("uplift", "share", "exposure", "goal", "variants")


def scenario_text(name: str) -> str:
    """Return a shipped scenario as TOML, to copy and edit.

    Raises:
        DefinitionError: there is no such scenario.
    """
    if name not in SHIPPED:
        raise DefinitionError(
            f"no scenario {name!r}; there are {', '.join(SHIPPED)}.{did_you_mean(name, SHIPPED)}"
        )
    folder = resources.files("funnelkit.events.simulation") / "scenarios"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def load_scenario(name: str | Path) -> Scenario:
    """Return a shipped scenario by its name, or the scenario of a TOML file.

    Raises:
        DefinitionError: the name is unknown, or the file is not a scenario; the text lists
            everything that is wrong, with the file, the key and the nearest valid word.
        DataError: the file cannot be read.
    """
    if isinstance(name, str) and name in SHIPPED:
        return parse_scenario(scenario_text(name), name=name, source=name)
    path = path_of(name, "a scenario")
    if path.suffix != ".toml":
        scenario_text(str(name))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable scenario: {error}") from error
    return parse_scenario(text, name=path.stem, source=str(path))


def parse_scenario(text: str, *, name: str, source: str) -> Scenario:
    """Return the scenario that a TOML text describes; `source` stands before every problem."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{source}: {error}") from error
    problems = [f"{key!r} is missing" for key in NEEDED if key not in raw]
    problems += _unknown(raw, (*SETTINGS, *TABLES), "key")
    reader = _Reader(problems)
    settings = {key: reader.setting(key, raw[key]) for key in SETTINGS if key in raw}
    events = reader.events(raw.get("events", {}))
    templates = reader.templates(raw.get("templates", {}), events)
    periods = reader.periods(raw.get("periods", []), templates)
    experiment = reader.experiment(raw["experiment"]) if "experiment" in raw else None
    if not problems:
        try:
            return Scenario(
                name=name,
                periods=periods,
                events=tuple(events.items()),
                experiment=experiment,
                **settings,
            )
        except DefinitionError as error:
            problems.append(str(error))
    raise DefinitionError(f"{source}: " + f"\n{source}: ".join(problems))


class _Reader:
    """Reads the parts of a scenario and notes every problem instead of stopping at the first."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems

    def setting(self, key: str, raw: Any) -> Any:
        try:
            return setting_of(key, raw)
        except DefinitionError as error:
            self.problems.append(str(error))
            return None

    def table(self, raw: Any, key: str) -> Mapping[str, Any]:
        if isinstance(raw, Mapping):
            return raw
        self.problems.append(f"{key!r} is a table; got {raw!r}")
        return {}

    def events(self, raw: Any) -> dict[str, Properties]:
        found = {}
        for name, properties in self.table(raw, "events").items():
            where = f"events.{name}"
            try:
                found[name] = properties_of(self.table(properties, where), where)
            except DefinitionError as error:
                self.problems.append(str(error))
        return found

    def templates(self, raw: Any, events: Mapping[str, Properties]) -> dict[str, Template]:
        found = {}
        for name, steps in self.table(raw, "templates").items():
            try:
                found[name] = template_of(name, steps, events)
            except DefinitionError as error:
                self.problems.append(str(error))
        return found

    def periods(self, raw: Any, templates: Mapping[str, Template]) -> tuple[PeriodPlan, ...]:
        if not isinstance(raw, list) or not all(isinstance(entry, Mapping) for entry in raw):
            self.problems.append("'periods' are tables, each under [[periods]]")
            return ()
        found = []
        for number, entry in enumerate(raw, start=1):
            where = f"period {entry.get('name', number)!r}"
            unknown = _unknown(entry, PERIOD_KEYS, f"{where}: key")
            missing = [f"{where}: {key!r} is missing" for key in PERIOD_KEYS if key not in entry]
            self.problems += unknown + missing
            if unknown or missing:
                continue
            try:
                found.append(_period(entry, templates, where))
            except DefinitionError as error:
                self.problems.append(str(error))
        return tuple(found)

    def experiment(self, raw: Any) -> Experiment | None:
        entry = self.table(raw, "experiment")
        unknown = _unknown(entry, EXPERIMENT_KEYS, "experiment: key")
        self.problems += unknown
        if unknown:
            return None
        try:
            return _experiment(entry)
        except DefinitionError as error:
            self.problems.append(str(error))
            return None


def _experiment(entry: Mapping[str, Any]) -> Experiment:
    base = Experiment()
    variants = entry.get("variants", base.variants)
    if not isinstance(variants, (list, tuple)) or len(variants) != len(base.variants):
        raise DefinitionError(f"experiment.variants are two names; got {variants!r}")
    names = [entry.get("exposure", base.exposure), entry.get("goal", base.goal), *variants]
    for name in names:
        if not isinstance(name, str) or not name:
            raise DefinitionError(f"experiment: a name is a text; got {name!r}")
    exposure, goal, control, treatment = names
    return Experiment(
        uplift=fraction_of(entry.get("uplift", base.uplift), "experiment.uplift"),
        share=fraction_of(entry.get("share", base.share), "experiment.share"),
        exposure=exposure,
        goal=goal,
        variants=(control, treatment),
    )


def _period(entry: Mapping[str, Any], templates: Mapping[str, Template], where: str) -> PeriodPlan:
    chosen = entry["templates"]
    if isinstance(chosen, list) and all(isinstance(name, str) for name in chosen):
        weights = [Fraction(1)] * len(chosen)
    elif isinstance(chosen, Mapping):
        weights = [fraction_of(value, f"{where}, weight of {key}") for key, value in chosen.items()]
    else:
        raise DefinitionError(f"{where}: templates are a list of names or a table of weights")
    for name in chosen:
        if name not in templates:
            hint = did_you_mean(name, templates)
            raise DefinitionError(f"{where}: there is no template {name!r}.{hint}")
    days = setting_of("days", entry["days"])
    plan = tuple(templates[name] for name in chosen)
    return PeriodPlan(str(entry["name"]), days, plan, tuple(weights))


def _unknown(entry: Iterable[str], known: tuple[str, ...], what: str) -> list[str]:
    return [
        f"{what} {key!r} is unknown.{did_you_mean(key, known)}" for key in entry if key not in known
    ]
