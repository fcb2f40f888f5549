"""`--chart FILE`: the answer as a picture, beside what is printed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from funnelkit.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.charts import Chart


class Theme(StrEnum):
    """The colours of a picture."""

    light = "light"
    dark = "dark"


ChartFile = Annotated[
    Path | None,
    typer.Option(
        "--chart",
        metavar="FILE.png|svg|html",
        help="Draw a picture, too (extra: charts).",
        rich_help_panel=opt.OUTPUT,
    ),
]
ChartTheme = Annotated[
    Theme | None,
    typer.Option(
        "--chart-theme",
        help="Its colours. [default: light; in svg and html, as the reader prefers]",
        rich_help_panel=opt.OUTPUT,
    ),
]


class Drawable(Protocol):
    """A result that has a picture."""

    def chart(self) -> Chart:
        """Return the picture."""


def check_chart(
    file: Path | None,
    theme: Theme | None,
    events: Iterable[str] = (),
    definition: Mapping[str, Any] | None = None,
    *,
    output: Path | None = None,
    **read: Any,
) -> None:
    """Refuse, before anything is computed, a picture that cannot be drawn or would overwrite.

    Raises:
        DefinitionError: the name is of no picture, the extra is missing, or the file is one that is
            read or gets the answer.
    """
    from funnelkit.errors import DefinitionError

    if file is None:
        if theme is not None:
            raise DefinitionError("--chart-theme is about a picture: name its file with --chart")
        return
    from funnelkit.charts.chart import form_of
    from funnelkit.charts.pictures import check_extra
    from funnelkit.cli.output import check_output

    check_extra(form_of(file).upper())
    if output is not None and output.absolute() == file.absolute():
        raise DefinitionError(f"--chart {file} and -o {output} are the same file")
    check_output(file, events, definition, option="--chart", **read)


def write_chart(result: Drawable, file: Path | None, theme: Theme | None) -> None:
    """Write the picture, if one was asked for.

    Raises:
        DefinitionError: the file cannot be written.
    """
    if file is not None:
        result.chart().save(file, theme=None if theme is None else theme.value)
