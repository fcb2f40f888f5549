"""The pictures of the documentation, drawn from the sample events: `make docs`.

Fonts differ between machines and move the labels: a picture is drawn anew where its words change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from notebooks import words_of

import funnelkit as fk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from funnelkit.charts import Chart

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = REPOSITORY / "docs" / "images"
SAMPLES = REPOSITORY / "sample_events" / "workshop"
STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
FEATURE = "feature in (home_product_recs, product_detail_related)"


def _funnel() -> Chart:
    return fk.report(SAMPLES / "pre.parquet", steps=STEPS).chart()


def _comparison() -> Chart:
    return fk.compare(
        [SAMPLES / "pre.parquet", SAMPLES / "post.parquet"],
        steps=STEPS,
        baseline="2026-04-01..2026-04-30",
        against="2026-05-01..2026-05-30",
        against_where=FEATURE,
    ).chart()


def _over_time() -> Chart:
    report = fk.report(SAMPLES / "post.parquet", steps=STEPS, interval="day", window="7d")
    return report.chart("intervals")


def _trace() -> Chart:
    events = REPOSITORY / "sample_events" / "returning" / "pre.parquet"
    return fk.trace(events, user="03759", steps=STEPS).chart()


PICTURES: Mapping[str, Callable[[], Chart]] = {
    "funnel.svg": _funnel,
    "comparison.svg": _comparison,
    "over_time.svg": _over_time,
    "trace.svg": _trace,
}


def drawn(name: str) -> str:
    """Return a picture as it is drawn now."""
    return PICTURES[name]().to_svg() + "\n"


def write(name: str) -> bool:
    """Draw a picture anew where its words changed; return whether they did."""
    file = IMAGES / name
    svg = drawn(name)
    if file.exists() and words_of(file.read_text(encoding="utf-8")) == words_of(svg):
        return False
    IMAGES.mkdir(exist_ok=True)
    file.write_text(svg, encoding="utf-8")
    return True


if __name__ == "__main__":
    for one in PICTURES:
        print(f"{'drew' if write(one) else 'unchanged:'} docs/images/{one}")
