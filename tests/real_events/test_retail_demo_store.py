"""The funnels of the original generator's events, as worked out independently of this project."""

from datetime import datetime

import pytest

import funnelkit as fk

PURCHASE = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
SEARCH = "ProductSearched > ProductAdded > CheckoutStarted > OrderCompleted"
RECOMMENDED = "feature in (home_product_recs, product_detail_related)"
ORGANIC = "feature is (none)"


@pytest.fixture(scope="module")
def files(real_events):
    return {name: str(real_events / f"{name}_era.jsonl.gz") for name in ("pre", "post")}


@pytest.mark.parametrize(
    ("era", "definition", "counts"),
    [
        ("pre", {"steps": PURCHASE}, (1177, 638, 448, 417)),
        ("post", {"steps": PURCHASE}, (2245, 980, 566, 509)),
        ("post", {"steps": PURCHASE, "where": RECOMMENDED}, (895, 536, 320, 282)),
        ("post", {"steps": PURCHASE, "where": ORGANIC}, (1634, 584, 324, 297)),
        ("pre", {"steps": SEARCH}, (605, 337, 253, 251)),
    ],
    ids=["before", "after", "recommended", "organic", "search"],
)
def test_a_file_alone_has_the_known_counts(files, era, definition, counts):
    assert fk.report(files[era], **definition).counts == counts


def test_a_segment_counts_what_a_filter_of_step_1_counts(files):
    result = fk.report(
        files["post"],
        steps=PURCHASE,
        segment=[f"recommended: {RECOMMENDED}", f"organic: {ORGANIC}"],
    )
    assert [segment.counts for segment in result.segments] == [
        (895, 536, 320, 282),
        (1634, 584, 324, 297),
    ]


@pytest.mark.parametrize("to", ["2020-05-02T09:17:23", datetime(2020, 5, 2, 9, 17, 23)])  # noqa: DTZ001
def test_entries_of_the_first_month_convert_in_the_second_too(files, to):
    result = fk.report([*files.values()], steps=PURCHASE, from_="2020-04-02T09:17:23", to=to)
    assert result.counts == (1177, 720, 520, 487)


def test_the_known_counts_can_be_verified_and_others_fail(files):
    definition = {"steps": PURCHASE, "window": "30d"}
    assert fk.verify(files["pre"], expect="1177, 638, 448, 417", **definition).ok
    failed = fk.verify(files["pre"], expect="1177, 638, 448, 416", **definition)
    assert failed.differing_steps == (4,)


@pytest.mark.parametrize("unit", ["user", "session"])
def test_both_ways_of_reading_agree(files, unit):
    from funnelkit.engine.entry import Entry
    from funnelkit.engine.select import select
    from funnelkit.engine.summarise import series
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    funnel = define(steps=PURCHASE, where=RECOMMENDED, unit=unit)
    names = [step.label for step in funnel.steps]
    with open_events([*files.values()]) as table:
        found = [
            series(
                select(funnel, table, small=small).match(Entry(window=30 * 86_400_000_000)),
                name="all",
                events=names,
            )
            for small in (True, False)
        ]
    assert found[0] == found[1]
    assert found[0].counts[0] > 0
