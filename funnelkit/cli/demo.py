"""`funnelkit demo`: the main job on the sample events, command by command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError, FunnelkitError

if TYPE_CHECKING:
    from collections.abc import Iterator

PURCHASE = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
SEARCH = "ProductSearched > ProductAdded > CheckoutStarted > OrderCompleted"
FEATURE = "feature in (home_product_recs, product_detail_related)"
PICTURES = "funnelkit-demo"
BOTH = "p*.parquet"
PRE, POST = "2026-04-01..2026-04-30", "2026-05-01..2026-05-30"


def demo() -> None:
    """Run the main job on the sample: two funnels, their comparison, and the search comparison."""
    from funnelkit.cli.output import write
    from funnelkit.cli.run import run

    for number, (title, arguments) in enumerate(_commands(_samples())):
        if not write(("\n" if number else "") + f"# {title}\n{_typed(arguments)}\n"):
            return
        if code := run(arguments):
            raise FunnelkitError(f"the demo stopped: that command ended with exit code {code}")
    write("\n# Your own events, from a CSV file on: docs/tutorial.md#your-own-events\n")
    write("\n" + "".join(f"{line}\n" for line in _pictures(_samples(), Path(PICTURES))))


def _pictures(samples: Path, folder: Path) -> Iterator[str]:
    """Draw the two funnels, and yield where they lie, or why there are none."""
    from importlib.util import find_spec

    from funnelkit import api

    if find_spec("vl_convert") is None:
        yield "# Pictures of the two funnels need an extra: pip install 'funnelkit[charts]'"
        return
    filters: dict[str, tuple[str, ...]] = {"before": (), "after": (FEATURE,)}
    try:
        folder.mkdir(exist_ok=True)
        for name, (file, where) in zip(("pre", "post"), filters.items(), strict=True):
            events = samples / "workshop" / f"{name}.parquet"
            report = api.report(str(events), steps=PURCHASE, where=where)
            report.chart().save(folder / f"{file}.png")
    except (DefinitionError, OSError) as error:
        yield f"# No pictures of the two funnels: {error}"
        return
    yield "# The two funnels as pictures (--chart FILE draws your own):"
    yield from (str(folder / f"{file}.png") for file in filters)


def _commands(samples: Path) -> Iterator[tuple[str, list[str]]]:
    pre, post = (str(samples / "workshop" / name) for name in ("pre.parquet", "post.parquet"))
    yield (
        "Before recommendations: of all who viewed a product, who bought?",
        [
            *("report", pre, "--steps", PURCHASE),
        ],
    )
    yield (
        "After: the same, for views of recommended products only.",
        [
            *("report", post, "--steps", PURCHASE, "--where", FEATURE),
        ],
    )
    yield (
        "+6.8 points. Did recommendations do that?",
        [
            *("compare", str(samples / "workshop" / BOTH), "--steps", PURCHASE),
            *("--baseline", PRE, "--against", POST, "--against-where", FEATURE),
        ],
    )
    both = str(samples / "search" / BOTH)
    yield (
        "Search, before and after re-ranking, counted by users: worse?",
        [
            *("compare", both, "--steps", SEARCH),
            *("--baseline", PRE, "--against", POST, "--against-where", "reranked is true"),
        ],
    )
    yield (
        "The same users' sessions, one by one.",
        [
            *("compare", both, "--steps", SEARCH, "--unit", "session"),
            *("--baseline", PRE, "--against", POST, "--against-where", "reranked is true"),
        ],
    )


def _samples() -> Path:
    """Return the folder of the samples, short where it lies in the current folder."""
    from funnelkit.sample import sample_folder

    folder = sample_folder()
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _typed(arguments: list[str]) -> str:
    """Return the command as one types it, each option on a line of its own."""
    lines = ["$ funnelkit"]
    for argument in arguments:
        if argument.startswith("--"):
            lines.append(">  ")
        lines[-1] += f" {_quoted(argument)}"
    return " \\\n".join(lines)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if any(c in argument for c in " >()") else argument
