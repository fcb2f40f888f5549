"""Numbers as a person reads them: counts, times, differences, bars. Machines get none of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import MISSING, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = "·"
BLOCKS = "▁▂▃▄▅▆▇█"


def visible(text: str) -> str:
    """Return the text on one line: control characters, line ends among them, as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def count(number: int) -> str:
    """Return a whole number with thousands apart."""
    return f"{number:,}"


def amount(number: float | None) -> str:
    """Return a number that need not be whole, with two decimals, or three digits below 0.01."""
    if number is None:
        return MISSING
    if number == int(number):
        return f"{number:,.0f}"
    return f"{number:,.2f}" if abs(number) >= 0.01 else f"{number:.3g}"  # noqa: PLR2004


def duration(seconds: float | None) -> str:
    """Return a time in its two largest units: `2d 4h`, `5m 15s`, `0.25s`."""
    if seconds is None:
        return MISSING
    if seconds < 10:  # noqa: PLR2004 - below, a fraction of a second still matters
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (left, "s")]
    first = next(position for position, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number}{unit}" for number, unit in parts[first : first + 2])


def short_duration(seconds: float) -> str:
    """Return a time without units that are 0: `1h`, `1h 30m`."""
    first, _, second = duration(seconds).partition(" ")
    return first if second.startswith("0") or not second else f"{first} {second}"


def points(difference: float | None) -> str:
    """Return a difference of two shares in points, with its sign, without the word."""
    if difference is None:
        return MISSING
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def change(share: float | None) -> str:
    """Return a relative difference in percent, with its sign."""
    return f"+{percent(share)}" if share is not None and share > 0 else percent(share)


def bar(fraction: float | None, columns: int) -> str:
    """Return a bar of block characters, `columns` long for 1.0; something for all but 0."""
    eighths = round((fraction or 0) * columns * 8)
    if fraction and not eighths:
        eighths = 1
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def sparkline(shares: Sequence[float | None], most: float) -> str:
    """Return one block per share, the highest for `most`; a dot where there is none."""
    top = len(BLOCKS) - 1
    return "".join(
        NOBODY if share is None else BLOCKS[round(share / most * top) if most else 0]
        for share in shares
    )
