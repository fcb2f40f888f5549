"""Colours and type of every chart, light and dark.

A spec is written in the light colours. Each has one part and one counterpart in the dark, so that a
finished picture, too, can follow its reader's preference.
"""

from __future__ import annotations

from typing import Any, Final, Literal

Theme = Literal["light", "dark"]

PAPER: Final = "#ffffff"
INK: Final = "#1b1f24"
MUTED: Final = "#4f5964"
GRID: Final = "#dfe3e8"
LOST: Final = "#d3e3f2"
SHADE: Final = "#eef1f4"
QUIET: Final = "#a7b1bb"
SERIES: Final = ("#0b62a8", "#c2500a", "#00785a", "#a3478c", "#7d6000", "#5b6773")
"""Told apart without red against green, and at least 3 : 1 against the paper."""

SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
DASHES: Final = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [14, 3], [4, 4])
"""Beside the colours, for those who cannot tell these apart."""

DARK: Final = {
    PAPER: "#14181d",
    INK: "#eceff2",
    MUTED: "#b3bcc6",
    GRID: "#343b44",
    LOST: "#25415a",
    SHADE: "#20262d",
    QUIET: "#57626e",
    "#0b62a8": "#5aa9f0",
    "#c2500a": "#f08b45",
    "#00785a": "#2fc39a",
    "#a3478c": "#df93cc",
    "#7d6000": "#d9b64e",
    "#5b6773": "#a9b4bf",
}

FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', "
    "'Noto Sans', sans-serif"
)
WIDTH: Final = 752
"""Pixels for the contents of a picture of 800."""

AXIS: Final = 64
"""Pixels to the left of where a scale begins, for its labels; titles and bars use them, too."""

MARGIN: Final = 24
SMALL, NORMAL, LARGE = 11, 12, 16

CONFIG: Final[dict[str, Any]] = {
    "font": FONT,
    "background": PAPER,
    "padding": MARGIN,
    "view": {"stroke": None},
    "concat": {"spacing": 36},
    "text": {"color": INK, "fontSize": NORMAL, "font": FONT},
    "title": {
        "anchor": "start", "frame": "group", "dx": -AXIS, "color": INK, "subtitleColor": MUTED,
        "fontSize": LARGE, "fontWeight": 600, "subtitleFontSize": NORMAL, "font": FONT,
        "subtitleFont": FONT, "lineHeight": 21, "subtitleLineHeight": 17, "offset": 14,
        "subtitlePadding": 6,
    },
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "gridColor": GRID, "domainColor": GRID,
        "tickColor": GRID, "labelFontSize": SMALL, "titleFontSize": SMALL, "titleFontWeight": 400,
        "labelFont": FONT, "titleFont": FONT,
    },
    "legend": {
        "labelColor": INK, "titleColor": MUTED, "labelFontSize": NORMAL, "labelFont": FONT,
        "titleFont": FONT, "labelLimit": 0, "columnPadding": 24,
    },
}  # fmt: skip


def in_theme(spec: Any, theme: Theme) -> Any:
    """Return the spec with its colours in a theme."""
    if theme == "light":
        return spec
    if isinstance(spec, dict):
        return {key: in_theme(value, theme) for key, value in spec.items()}
    if isinstance(spec, list):
        return [in_theme(value, theme) for value in spec]
    return DARK.get(spec, spec) if isinstance(spec, str) else spec
