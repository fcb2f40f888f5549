"""Scenarios as TOML files: the shipped ones, and what people make of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError, did_you_mean
from funnelkit.events.simulation.scenario import (
    Experiment,
    PeriodPlan,
    Properties,
    Scenario,
    Template,
    properties_of,
    template_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    if name in SHIPPED:
        return parse_scenario(scenario_text(str(name)), name=str(name), source=str(name))
    path = Path(name)
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

    def setting(self, key: str, raw: Any) -> Any:  # noqa: ANN401 - each setting has its own type
        try:
            return setting_of(key, raw)
        except DefinitionError as error:
            self.problems.append(str(error))
            return None

    def table(self, raw: Any, key: str) -> Mapping[str, Any]:  # noqa: ANN401 - checked here
        if isinstance(raw, Mapping):
            return raw
        self.problems.append(f"{key!r} is a table; got {raw!r}")
        return {}

    def events(self, raw: Any) -> dict[str, Properties]:  # noqa: ANN401 - checked here
        found = {}
        for name, properties in self.table(raw, "events").items():
            where = f"events.{name}"
            try:
                found[name] = properties_of(self.table(properties, where), where)
            except DefinitionError as error:
                self.problems.append(str(error))
        return found

    def templates(self, raw: Any, events: Mapping[str, Properties]) -> dict[str, Template]:  # noqa: ANN401
        found = {}
        for name, steps in self.table(raw, "templates").items():
            try:
                found[name] = template_of(name, steps, events)
            except DefinitionError as error:
                self.problems.append(str(error))
        return found

    def periods(self, raw: Any, templates: Mapping[str, Template]) -> tuple[PeriodPlan, ...]:  # noqa: ANN401
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

    def experiment(self, raw: Any) -> Experiment | None:  # noqa: ANN401 - checked here
        entry = self.table(raw, "experiment")
        unknown = _unknown(entry, EXPERIMENT_KEYS, "experiment: key")
        self.problems += unknown
        if unknown:
            return None
        try:
            values = {
                key: fraction_of(value, f"experiment.{key}")
                if key in ("uplift", "share")
                else value
                for key, value in entry.items()
            }
            if "variants" in values:
                values["variants"] = tuple(values["variants"])
            return Experiment(**values)
        except DefinitionError as error:
            self.problems.append(str(error))
            return None


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


def setting_of(key: str, raw: Any) -> Any:  # noqa: ANN401, PLR0911 - each setting has its own type
    """Return the value of a setting in the type that `Scenario` wants.

    Raises:
        DefinitionError: the value is of another kind.
    """
    match key:
        case "returning":
            return fraction_of(raw, key)
        case "hours" | "go_on" if isinstance(raw, (list, tuple)):
            return tuple(fraction_of(item, key) for item in raw)
        case "gap_seconds" if isinstance(raw, (list, tuple)) and len(raw) == 2:  # noqa: PLR2004
            return (
                setting_of("gap_seconds, shortest", raw[0]),
                setting_of("gap_seconds, longest", raw[1]),
            )
        case "hours" | "go_on" | "gap_seconds":
            raise DefinitionError(f"{key!r} is a list of numbers; got {raw!r}")
        case "clock":
            return clock_of(raw)
        case "timezone" | "platform":
            expected: type = str
        case "identify" | "insert_id" | "session_id":
            expected = bool
        case _:
            expected = int
    if not isinstance(raw, expected) or (expected is int and isinstance(raw, bool)):
        words = {str: "a text", bool: "true or false", int: "a whole number"}
        raise DefinitionError(f"{key!r} is {words[expected]}; got {raw!r}")
    return raw


def clock_of(raw: Any) -> datetime:  # noqa: ANN401 - checked here
    """Return the clock: a datetime, a date (its first moment) or ISO 8601 text.

    Raises:
        DefinitionError: it is none of these.
    """
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, date):
        return datetime.combine(raw, time())
    try:
        return datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise DefinitionError(
            f"'clock' is a date or a time, 2026-05-31T00:00; got {raw!r}"
        ) from None


def fraction_of(raw: Any, where: str) -> Fraction:  # noqa: ANN401 - checked here
    """Return a number exactly as it is written: 0.1 is one tenth.

    Raises:
        DefinitionError: it is not a finite number.
    """
    if isinstance(raw, (int, float, Fraction)) and not isinstance(raw, bool):
        try:
            return Fraction(str(raw))
        except ValueError:
            pass
    raise DefinitionError(f"{where!r} is a number; got {raw!r}")


def _unknown(entry: Iterable[str], known: tuple[str, ...], what: str) -> list[str]:
    return [
        f"{what} {key!r} is unknown.{did_you_mean(key, known)}" for key in entry if key not in known
    ]
