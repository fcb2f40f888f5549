"""Specs as files, drawn by vl-convert: no browser, no network (extra `charts`)."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.theme import DARK, INK, PAPER
from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from funnelkit.charts.chart import Chart
    from funnelkit.charts.theme import Theme

SCALE: Final = 2
"""Dots per pixel of a PNG: 1,600 dots for 800 pixels."""

GROUP: Final = re.compile(r"<g\b[^>]*>")
ROLES: Final = re.compile(r' (?:role="graphics-|aria-roledescription=")[^"]*"')
FIRST_TAG: Final = re.compile(r"<svg\b[^>]*>")


def png(spec: dict[str, Any]) -> bytes:
    """Return the picture as PNG.

    Raises:
        DefinitionError: the extra is missing.
    """
    converter = _converter("PNG")
    drawn: bytes = converter.vegalite_to_png(spec, vl_version=_version(converter), scale=SCALE)
    return drawn


def svg(spec: dict[str, Any], chart: Chart, *, adapts: bool) -> str:
    """Return the picture as an SVG element with its title and its description in words.

    With `adapts` its colours follow the reader's preference for light or dark.

    Raises:
        DefinitionError: the extra is missing.
    """
    converter = _converter("SVG")
    quiet = {**spec, "config": {**spec["config"], "aria": False}}  # the words are said once
    drawn: str = converter.vegalite_to_svg(quiet, vl_version=_version(converter))
    first = FIRST_TAG.match(drawn)
    if first is None:
        raise DefinitionError("vl-convert drew no SVG")
    opening = first[0].replace("<svg", '<svg role="img"', 1)
    words = f"<title>{escape(chart.title)}</title><desc>{escape(chart.description)}</desc>"
    marks = GROUP.sub(lambda tag: ROLES.sub("", tag[0]), drawn[first.end() :])
    return opening + words + (_dark_style() if adapts else "") + marks


def page(chart: Chart, *, theme: Theme | None) -> str:
    """Return the picture as a page with the code that draws it: hover, and nothing to load.

    Raises:
        DefinitionError: the extra is missing.
    """
    libraries = _libraries()
    specs = {"light": chart.in_theme("light"), "dark": chart.in_theme("dark")}
    for spec in specs.values():  # of which the libraries of the page would complain
        spec.pop("$schema")
    return PAGE % {
        "title": escape(chart.title),
        "scheme": theme or "light dark",
        "paper": DARK[PAPER] if theme == "dark" else PAPER,
        "dark": "" if theme else f"@media (prefers-color-scheme: dark) {{ {_page_dark()} }}",
        "libraries": libraries,
        "code": CODE % {"specs": _inside_script(specs), "theme": json.dumps(theme)},
    }


@cache
def _libraries() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script."""
    converter = _converter("HTML")
    code: str = converter.javascript_bundle()
    return code.replace("</script", "<\\/script")


CODE: Final = """
const specs = %(specs)s, fixed = %(theme)s;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const draw = () => vegaEmbed("#chart", specs[fixed || (dark.matches ? "dark" : "light")],
  {mode: "vega-lite", actions: false, renderer: "svg"});
dark.addEventListener("change", draw);
draw();
"""

PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="%(scheme)s">
<title>%(title)s</title>
<style>
body { margin: 0; background: %(paper)s; }
main { max-width: 100%%; overflow-x: auto; }
%(dark)s
</style>
</head>
<body>
<main aria-label="%(title)s" tabindex="0"><div id="chart"></div></main>
<script type="module">%(libraries)s</script>
<script type="module">%(code)s</script>
</body>
</html>
"""


def _page_dark() -> str:
    return f"body {{ background: {DARK[PAPER]}; color: {DARK[INK]}; }}"


def _inside_script(value: Any) -> str:
    """Return JSON that cannot end the script in which it stands."""
    return json.dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _dark_style() -> str:
    """Return the rules that put the dark counterpart in the place of each colour."""
    rules = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in DARK.items()
    )
    return f"<style>@media screen and (prefers-color-scheme:dark){{{rules}}}</style>"


def _version(converter: Any) -> str:
    """Return the newest version 5 of Vega-Lite: that of notebooks and of `$schema`."""
    versions = [one for one in converter.get_vegalite_versions() if one.startswith("5.")]
    return str(versions[-1])


def check_extra(what: str) -> None:
    """Refuse what needs the extra, where that is missing.

    Raises:
        DefinitionError: it is missing; `what` names what was asked for.
    """
    from importlib.util import find_spec

    if find_spec("vl_convert") is None:
        raise DefinitionError(f"{what} output needs an extra: pip install 'funnelkit[charts]'")


def _converter(what: str) -> Any:
    check_extra(what)
    import vl_convert

    return vl_convert
