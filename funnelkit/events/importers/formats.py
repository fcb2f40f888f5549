"""All formats, and which one a file is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.events.importers.amplitude import Export, Http, MergedUsers
from funnelkit.events.importers.ga4 import GoogleAnalytics
from funnelkit.events.importers.mixpanel import Mixpanel
from funnelkit.events.importers.plain import Plain
from funnelkit.events.importers.posthog import PostHog
from funnelkit.events.importers.segment import RUDDERSTACK, SEGMENT, Segment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers import Format
    from funnelkit.events.table import Role

MERGES: Final = MergedUsers()

EXPORT: Final = Export()

FORMATS: Final[tuple[Format, ...]] = (
    MERGES,
    EXPORT,
    Http(),
    PostHog(),
    RUDDERSTACK,
    SEGMENT,
    GoogleAnalytics(),
    Mixpanel(),
)
"""In the order in which they are asked whether they recognise a file."""

NAMES: Final = tuple(each.name for each in FORMATS if each is not MERGES)
"""What `--as` takes."""


def format_named(name: str) -> Format:
    """Return the format that `--as` names; a wrong name is a `DefinitionError`."""
    for each in FORMATS:
        if each.name == name and each is not MERGES:
            return each
    raise DefinitionError(f"--as is one of {', '.join(NAMES)}; got {name!r}.{did_you_mean(name, NAMES)}")  # noqa: E501  # fmt: skip


def format_of(
    keys: Collection[str], *, chosen: Format | None, explicit: Mapping[Role, str]
) -> Format:
    """Return the format of a file whose first row has these keys."""
    plain = Plain(explicit)
    if MERGES.recognises(keys):
        return MERGES
    if chosen is not None:
        return chosen
    if plain.recognises(keys):
        return plain
    if not keys:  # nothing could be read: every line will be rejected for what it is
        return EXPORT
    return next((each for each in FORMATS if each.recognises(keys)), plain)


def needs_its_file(form: Format, keys: Collection[str]) -> bool:
    """Return whether rows must not be read together with those of another file.

    Plain keys mean something in one file; and what a row of a table is, its file's name may tell.
    """
    if isinstance(form, Segment):
        return form.needs_its_file(keys)
    return isinstance(form, Plain)
