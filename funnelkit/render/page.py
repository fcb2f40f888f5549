"""A page of HTML that stands alone: no script, nothing to load, light and dark, fit to print."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from funnelkit.charts.theme import DARK, GRID, INK, MUTED, PAPER, SERIES, SHADE
from funnelkit.render.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from funnelkit.charts import Chart
    from funnelkit.result import EventsRead

COLOURS: Final = {
    "paper": PAPER, "ink": INK, "muted": MUTED, "line": GRID, "shade": SHADE, "accent": SERIES[0],
}  # fmt: skip

LEAST_WORDS: Final = 16
"""Characters to which a column of words may shrink; then the table scrolls."""

STYLE: Final = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  "Liberation Sans", "Noto Sans", sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
p, li, dd { overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; margin: 0; }
.quiet { color: var(--muted); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; min-width: 0; }
figure { margin: 1rem 0 2rem; overflow-x: auto; }
figure svg { display: block; max-width: 100%; height: auto; min-width: 34rem; }
.scroll { overflow-x: auto; margin: 0 0 1.25rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; overflow-wrap: anywhere; }
th, td { padding: .3rem .8rem .3rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; } thead th { color: var(--muted); font-weight: 400; }
.words { text-align: left; white-space: normal; overflow-wrap: anywhere; max-width: 26rem; }
pre { background: var(--shade); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@page { margin: 15mm; }
@media print { main { max-width: none; padding: 0; } figure, table, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .scroll, figure { overflow: visible; }
  figure svg { min-width: 0; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """How to get the same numbers again: what was typed, or None where nothing was typed."""

    command: str | None = None


def page(title: str, lead: Sequence[str], body: Iterable[str]) -> str:
    """Return a whole page; `body` is HTML, title and lead are text."""
    light = "".join(f"--{name}: {colour}; " for name, colour in COLOURS.items())
    dark = "".join(f"--{name}: {DARK[colour]}; " for name, colour in COLOURS.items())
    parts = "\n".join(body)
    leads = "".join(f'<p class="lead">{text(words)}</p>\n' for words in lead)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>\n:root {{ color-scheme: light dark; {light}}}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}{STYLE}</style>\n"
        f"</head>\n<body>\n<main>\n<header>\n<h1>{text(title)}</h1>\n{leads}</header>\n"
        f"{parts}\n</main>\n</body>\n</html>\n"
    )


def text(words: str) -> str:
    """Return data as HTML that shows it to the letter, control characters as escapes."""
    return escape(visible(words))


def section(heading: str, *content: str) -> str:
    """Return a section of the page; the content is HTML."""
    inside = "\n".join(part for part in content if part)
    name = "-".join("".join(c if c.isalnum() else " " for c in heading.lower()).split())
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{text(heading)}</h2>\n'
        f"{inside}\n</section>"
    )


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return headings and the words beside them; words without a heading go on."""
    found: list[str] = []
    for heading, words in rows:
        if heading:
            found.append(f"<dt>{text(heading)}</dt>")
        found.append(f"<dd>{text(words)}</dd>")
    return f"<dl>{''.join(found)}</dl>"


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    words: Iterable[int] = (0,),
) -> str:
    """Return a table; the columns `words` are text, the others numbers. Columns of nothing go."""
    kept = list(rows)
    some = [k for k, head in enumerate(heads) if head or any(row[k] for row in kept)]
    left = set(words)
    top = "".join(_cell("th", heads[k], k in left, ' scope="col"') for k in some)
    lines = "".join(f"<tr>{_row(row, some, left)}</tr>\n" for row in kept)
    name = f"<caption>{text(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption or "table")}">'
        f"<table>{name}\n<thead><tr>{top}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def _row(row: Sequence[str], some: Sequence[int], left: set[int]) -> str:
    first, *others = some
    cells = _cell("th", row[first], first in left, ' scope="row"')
    return cells + "".join(_cell("td", row[k], k in left, "") for k in others)


def _cell(tag: str, words: str, is_words: bool, more: str) -> str:  # noqa: FBT001 - one of two looks
    if not words:  # a head without a word is no head
        tag, more = "td", ""
    room = min(len(visible(words)) + 1, LEAST_WORDS)
    looks = f' class="words" style="min-width: {room}ch"' if is_words else ""
    return f"<{tag}{more}{looks}>{text(words)}</{tag}>"


def figure(chart: Chart) -> str:
    """Return a picture inside the page, in the reader's choice of light or dark.

    Raises:
        DefinitionError: the extra `charts` is missing.
    """
    return f'<figure tabindex="0" aria-label="{text(chart.title)}">{chart.to_svg()}</figure>'


def listed(lines: Iterable[str]) -> str:
    """Return sentences as a list, nothing where there are none."""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def reproduction(made: Reproduction, *read: EventsRead) -> str:
    """Return how to get the same numbers again, of the events that were read."""
    return section("How to reproduce it", *_reproduction(made, read))


def _reproduction(made: Reproduction, read: Sequence[EventsRead]) -> Iterator[str]:
    from funnelkit import __version__

    if made.command is not None:
        yield f"<pre><code>{text(made.command)}</code></pre>"
    rows = [("funnelkit", __version__)]
    for events in read:
        rows.append(("events", f"{events.events:,}, from {events.source}"))
        if (found := events.fingerprint) is not None:
            rows += [("who did what when", found.happened), ("all columns", found.columns)]
    yield pairs(rows)
    if any(events.fingerprint is not None for events in read):
        yield (
            '<p class="quiet">The two fingerprints are the same for the same events in any order '
            "and in any files.</p>"
        )
