"""The committed samples: made again, compared, and shown to say what their README says."""

import re
import shlex

import polars as pl
import pyarrow.parquet as pq
import pytest

from funnelkit.cli.run import run
from funnelkit.events.simulation.content import content_hash

HASHES = {
    "workshop": "81e475f0cd6e349a2be057670fcdcadfbcdb9a5092d8e18ba00f5c4c3ca67b35",
    "returning": "4aef2f68c8590b94cb0dd71912be66b4c475c414ce4714c61aa4d16a22a2e6b6",
    "search": "31785fe4d1565900a7f63505150495d33d3706f4f58f5fa90153a20fd4ff5a2a",
}
STEPS = ["ProductViewed", "ProductAdded", "CheckoutStarted", "OrderCompleted"]
SEARCH_STEPS = ["ProductSearched", *STEPS[1:]]
FEATURES = ["home_product_recs", "product_detail_related"]
MONTH = 30 * 86_400


def hash_of(folder):
    tables = [pq.read_table(folder / f"{name}.parquet") for name in ("pre", "post", "truth")]
    return content_hash(tables[:2], tables[2:])


@pytest.fixture(scope="module")
def commands(repository):
    readme = (repository / "sample_events" / "README.md").read_text(encoding="utf-8")
    found = [shlex.split(text)[1:] for text in re.findall(r"`(funnelkit simulate .*?)`", readme)]
    return {arguments[arguments.index("-o") + 1].split("/")[1]: arguments for arguments in found}


@pytest.mark.parametrize("name", HASHES)
def test_the_command_in_the_readme_makes_the_sample(repository, commands, tmp_path, name):
    arguments = list(commands[name])
    arguments[arguments.index("-o") + 1] = str(tmp_path)
    assert run(arguments) == 0
    assert hash_of(tmp_path) == hash_of(repository / "sample_events" / name) == HASHES[name]


def funnel(events, steps, entry=lambda _: True):
    """Return the users who reach each step: this order, within 30 days, by plain search."""
    histories = {}
    columns = events.select("user_id", pl.col("event_time").dt.epoch("s"), "event_type",
                            "event_properties", "period")  # fmt: skip
    for user, *event in columns.iter_rows():
        histories.setdefault(user, []).append(event)
    counts = [0] * len(steps)
    for history in histories.values():
        best = 0
        for start, name, properties, period in history:
            if name != steps[0] or not entry({**properties, "period": period}):
                continue
            reached, now = 1, start
            for time, other, _, _ in history:
                if (
                    reached < len(steps)
                    and other == steps[reached]
                    and now <= time <= start + MONTH
                ):
                    reached, now = reached + 1, time
            best = max(best, reached)
        for step in range(best):
            counts[step] += 1
    return counts


def read(repository, name, *periods):
    folder = repository / "sample_events" / name
    return pl.concat(
        pl.read_parquet(folder / f"{period}.parquet").with_columns(period=pl.lit(period))
        for period in periods
    )


def by_feature(event):
    return event["feature"] in FEATURES


def test_workshop_shows_the_headline(repository):
    pre = funnel(read(repository, "workshop", "pre"), STEPS)
    post = funnel(read(repository, "workshop", "post"), STEPS, by_feature)
    assert pre == [1951, 792, 495, 464]
    assert post == [1021, 605, 339, 312]
    before, after = 100 * pre[-1] / pre[0], 100 * post[-1] / post[0]
    assert [f"{value:.1f}" for value in (before, after, after - before)] == ["23.8", "30.6", "6.8"]


def test_in_returning_the_gap_vanishes(repository):
    assert funnel(read(repository, "returning", "pre"), STEPS) == [1145, 626, 421, 397]
    both = read(repository, "returning", "pre", "post")
    during_pre = funnel(both, STEPS, lambda event: event["period"] == "pre")
    assert during_pre == [1145, 718, 504, 481]
    assert funnel(both, STEPS, by_feature) == [916, 578, 346, 319]


def test_search_looks_worse_with_re_ranking(repository):
    both = read(repository, "search", "pre", "post")
    pre = funnel(both, SEARCH_STEPS, lambda event: event["period"] == "pre")
    assert pre == [618, 371, 276, 272]
    assert funnel(both, SEARCH_STEPS, lambda event: event["reranked"]) == [694, 349, 251, 249]


def test_per_session_the_samples_are_the_same(repository):
    for name in ("workshop", "returning"):
        truth = pl.read_parquet(repository / "sample_events" / name / "truth.parquet")
        events = read(repository, name, "pre", "post").with_columns(user_id=truth["session"])
        pre = funnel(events, STEPS, lambda event: event["period"] == "pre")
        assert pre == [1951, 792, 495, 464]
        assert funnel(events, STEPS, by_feature) == [1021, 605, 339, 312]


def test_the_readme_names_these_numbers(repository):
    readme = (repository / "sample_events" / "README.md").read_text(encoding="utf-8")
    for counts in ("1,951 > 792 > 495 > 464 (23.8 %)", "1,021 > 605 > 339 > 312 (30.6 %)",
                   "1,145 > 626 > 421 > 397 (34.7 %)", "1,145 > 718 > 504 > 481 (42.0 %)",
                   "916 > 578 > 346 > 319 (34.8 %)", "618 > 371 > 276 > 272 (44.0 %)",
                   "694 > 349 > 251 > 249 (35.9 %)"):  # fmt: skip
        assert counts in readme


def test_the_samples_are_small(repository):
    sizes = [file.stat().st_size for file in (repository / "sample_events").rglob("*.parquet")]
    assert len(sizes) == 9
    assert sum(sizes) < 1_500_000
