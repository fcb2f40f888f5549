"""A chart: a Vega-Lite spec that saves itself as a picture and shows itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.labels import wrap
from funnelkit.charts.theme import CONFIG, LARGE, NORMAL, WIDTH, in_theme
from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from funnelkit.charts.theme import Theme

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
MIME_TYPE: Final = "application/vnd.vegalite.v5+json"
ENDINGS: Final = ("png", "svg", "html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One chart of a picture: a view without a frame, its title and what is said below the title.

    `words` are the title, and `alternative` says the rest to those who do not see the picture.
    """

    words: str
    beside: tuple[str, ...]
    view: dict[str, Any]
    alternative: str

    def titled(self) -> dict[str, Any]:
        """Return the view with its title."""
        title: dict[str, Any] = {"text": wrap(self.words, WIDTH, LARGE, bold=True)}
        if self.beside:
            title["subtitle"] = [
                line for words in self.beside for line in wrap(words, WIDTH, NORMAL)
            ]
        return {"title": title, **self.view}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of a result.

    `spec` is a whole Vega-Lite specification, data included, in light colours; `title` says what
    is drawn, `description` what there is to see. Data is held in values, never in names of fields,
    so no name of an event is ever read as a path.
    """

    spec: dict[str, Any]
    title: str
    description: str

    def save(self, path: str | Path, *, theme: Theme | None = None) -> None:
        """Write the picture to a file that ends in .png, .svg or .html.

        SVG and HTML follow the reader's choice of light or dark unless `theme` says one; PNG is
        light. HTML holds all it needs and asks for nothing over the network.

        Raises:
            DefinitionError: the ending is of no picture, the extra is missing, or the file cannot
                be written.
        """
        file = Path(path)
        content = self.to_bytes(form_of(file), theme=theme)
        try:
            file.write_bytes(content)
        except OSError as error:
            raise DefinitionError(f"cannot write {file}: {error.strerror}") from error

    def to_bytes(self, form: str, *, theme: Theme | None = None) -> bytes:
        """Return the picture as `png`, `svg` or `html`.

        Raises:
            DefinitionError: the extra is missing.
        """
        from funnelkit.charts import pictures

        if form == "png":
            return pictures.png(self.in_theme(theme or "light"))
        if form == "svg":
            spec = self.in_theme(theme or "light")
            return pictures.svg(spec, self, adapts=theme is None).encode()
        return pictures.page(self, theme=theme).encode()

    def to_svg(self, *, theme: Theme | None = None) -> str:
        """Return the picture as an SVG element; it follows the reader's choice unless told.

        Raises:
            DefinitionError: the extra is missing.
        """
        return self.to_bytes("svg", theme=theme).decode()

    def in_theme(self, theme: Theme) -> dict[str, Any]:
        """Return the spec in the colours of a theme."""
        found: dict[str, Any] = in_theme(self.spec, theme)
        return dict(found)

    def __repr__(self) -> str:
        return f"<Chart: {self.title}>"

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> Mapping[str, Any]:
        """Return what a notebook shows: the spec, and a PNG where the extra is there."""
        from base64 import b64encode
        from importlib.util import find_spec

        found: dict[str, Any] = {MIME_TYPE: self.spec, "text/plain": repr(self)}
        if find_spec("vl_convert") is not None:
            found["image/png"] = b64encode(self.to_bytes("png")).decode()
        return {
            kind: content
            for kind, content in found.items()
            if (include is None or kind in include) and (exclude is None or kind not in exclude)
        }


_CHANNELS = ("color", "fill", "stroke", "shape", "strokeDash", "x", "y")
_APART = {"resolve": {"scale": dict.fromkeys(_CHANNELS, "independent")}}


def chart_of(parts: Sequence[Part]) -> Chart:
    """Return the parts as one picture, one below the other."""
    description = " ".join(part.alternative for part in parts)
    views = [part.titled() for part in parts]
    body = views[0] if len(views) == 1 else {"vconcat": views}
    return Chart(
        spec={
            "$schema": SCHEMA,
            "description": description,
            "config": CONFIG,
            **body,
            **(_APART if len(views) > 1 else {}),
        },
        title=" · ".join(part.words for part in parts),
        description=description,
    )


def form_of(path: Path) -> str:
    """Return the kind of picture that a file's name asks for.

    Raises:
        DefinitionError: it asks for none.
    """
    ending = path.suffix.removeprefix(".").lower()
    if ending not in ENDINGS:
        raise DefinitionError(f"a picture ends in .png, .svg or .html; got {path}")
    return ending
