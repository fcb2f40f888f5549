"""One reading of a funnel: what sets it apart, `window=30d` or `timezone=Asia/Tokyo`."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import isfile
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DefinitionError, did_you_mean, fold
from funnelkit.model.settings import setting_choices
from funnelkit.specs.define import Definition, define

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.model import Funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A definition and how the columns are read; `said` is what sets it apart, in words."""

    said: str
    funnel: Funnel
    columns: Mapping[str, str] | str | None = None


def read_reading(
    said: str | Sequence[str],
    *,
    base: Funnel | None,
    definition: Mapping[str, Any],
    columns: Mapping[str, str] | str | None = None,
) -> Reading:
    """Return the funnel `base` with `definition` and with what is `said` of this reading.

    What is said is `NAME=VALUE`, with the names of the options of `report`, of a setting, or
    `columns`; or `FILE:NAME`, another funnel. Nothing said is the definition as it is.

    Raises:
        DefinitionError: there is no such name, or the definition is wrong.
    """
    texts = [said] if isinstance(said, str) else list(said)
    words = ", ".join(text.strip() for text in texts) or "as given"
    options: dict[str, Any] = {}
    settings: list[str] = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or isfile(name.partition(":")[0]):  # noqa: PTH113 - a query is a long text
            from funnelkit.specs.files import select_funnel

            entry = select_funnel(text.strip())
            base, columns = entry.funnel, columns or entry.columns
            continue
        key = _key(name)
        if key == "columns":
            columns = value
        elif key == "setting":
            settings.append(f"{name}={value}" if fold(name) != "setting" else value)
        elif key in options:
            options[key] = [*options[key], value]
        else:
            options[key] = [value]
    single = {key: value[0] if len(value) == 1 else value for key, value in options.items()}
    found = define(funnel=base, **definition)
    changes: Any = single | ({"setting": settings} if settings else {})
    return Reading(
        said=words, funnel=define(funnel=found, **changes) if changes else found, columns=columns
    )


def _key(name: str) -> str:
    """Return the option that a name means; every setting is the option `setting`."""
    options = {fold(key.strip("_")): key for key in (*Definition.__annotations__, "columns")}
    if fold(name) in options:
        return options[fold(name)]
    if fold(name) in map(fold, setting_choices()):
        return "setting"
    known = [*(key.strip("_") for key in options.values()), *setting_choices()]
    raise DefinitionError(
        f"a reading is told by NAME=VALUE, as in window=30d; there is no {name!r}."
        f"{did_you_mean(name, known)}"
    )
