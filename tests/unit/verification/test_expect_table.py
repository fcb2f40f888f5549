"""`[expect]` of a funnel file: numbers and terms, and what is wrong with them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.specs.documents import read_document
from funnelkit.specs.dumping import dump_funnels
from funnelkit.specs.files import load_funnels
from funnelkit.specs.problems import Problems
from funnelkit.verification.expect_table import read_expect
from funnelkit.verification.expected import ExpectedInterval, ExpectedSeries, ExpectedTime
from funnelkit.verification.terms import Allowance, KnownDifference, Threshold


@pytest.fixture
def expected(tmp_path):
    """Return what the text of a table `[expect]` expects."""

    def read(text):
        path = tmp_path / "shop.funnel.toml"
        path.write_text(text, "utf-8")
        problems = Problems("FILE")
        found = read_expect(read_document(path), source="FILE", path=("expect",), problems=problems)
        problems.check()
        return found

    return read


def test_everything_that_can_be_expected(expected):
    found = expected("""
        counts = [10, 4]
        series = { 2026-05-01 = [6, 2], 2026-05-02 = "4, 2" }
        groups = { pro = [6, 4], "(none)" = [4, 0] }
        times = { whole = { average = 12.5 }, "1 to 2" = { average = "1h 2m", median = "3m 4s" } }
        interval = "day"
        median_within = "1%"
        fetched_at = 2026-06-01
        from = ["a.json", "b.csv"]
        chart = "abc"
    """)
    assert found.numbers.segments == (
        ExpectedSeries(
            counts=(10, 4),
            intervals=(
                ExpectedInterval(name="2026-05-01", counts=(6, 2)),
                ExpectedInterval(name="2026-05-02", counts=(4, 2)),
            ),
            groups=(
                ExpectedSeries(name="pro", counts=(6, 4)),
                ExpectedSeries(name="(none)", counts=(4, 0)),
            ),
            times=(
                ExpectedTime(step=None, average_seconds=12.5, median_within=0.01),
                ExpectedTime(
                    step=2,
                    average_seconds=3720.0,
                    median_seconds=184.0,
                    cut_to=60.0,  # what is written as 1h 2m is so to the minute
                    median_within=0.01,
                ),
            ),
        ),
    )
    assert found.numbers.interval == "day"
    assert found.numbers.answer.fetched_at == datetime(2026, 6, 1, tzinfo=UTC)
    assert (found.files, found.chart) == (("a.json", "b.csv"), "abc")


def test_terms_are_read(expected):
    terms = expected(
        """
        missing_users = { step = 2, users = 3, reason = "bots" }
        extra_users = [{ step = 1, users = 1, reason = "late" }]
        warn_over = 1
        fail_over = "2%"
        settle = "3d"
        known_difference = { reason = "moved", until = 2026-12-31 }
        allow = "sampled"
    """.replace("warn_over = 1", "")
    ).terms
    assert terms.allowances == (
        Allowance(step=2, users=3, missing=True, reason="bots"),
        Allowance(step=1, users=1, missing=False, reason="late"),
    )
    assert (terms.fail_over, terms.settle) == (Threshold(share=0.02), timedelta(days=3))
    assert terms.known_difference == KnownDifference(reason="moved", until=date(2026, 12, 31))
    assert terms.allow == ("sampled",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("count = [1]", "expect.count: unknown key 'count'. Did you mean 'counts'"),
        ("counts = []", "expect.counts: expected a list of counts"),
        ("counts = [1, 2]", "step 2 with 2 follows 1"),
        ("counts = [1.5]", "expected a count, got 1.5"),
        ("counts = [-1]", "expected a count, got -1"),
        ("series = { 2026-05-01 = 3 }", "expect.series.2026-05-01: expected a list of counts"),
        ("times = { all = { average = 3 } }", "a time is of whole, or as in '1 to 2'; got 'all'"),
        ('times = { "1 to 3" = { average = 3 } }', "got '1 to 3'"),
        ('times = { whole = { average = "soon" } }', "time 'soon' is no duration"),
        ("missing_users = { step = 2, users = 3 }", "an allowed difference has a reason"),
        ('missing_users = { step = 2, users = 0, reason = "x" }', "1 user or more"),
        ("warn_over = 5", "warn_over is not above fail_over"),
        ('fail_over = "many"', "a number of users, or a share"),
        ('known_difference = { reason = "x" }', "it needs until"),
        ("known_difference = { until = 2026-12-31 }", "a known difference has a reason"),
        ('allow = "everything"', "what is allowed is one of sampled, pruned"),
        ("counts = [1]\nsegments = { a = { counts = [1] } }", "or those of the whole; not both"),
        ('settle = "2"', "settle '2' is no duration"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(expected, text, words):
    with pytest.raises(DefinitionError) as raised:
        expected(text)
    assert words in str(raised.value)


def test_a_file_of_one_funnel_needs_no_name(tmp_path):
    path = tmp_path / "shop.funnel.toml"
    path.write_text(
        'events = ["a.parquet", "/b/*.parquet"]\nsteps = "A > B"\nwindow = "1d"\n'
        "[project]\ntimezone = 'Europe/Berlin'\n[expect]\ncounts = [2, 1]\n"
    )
    (entry,) = load_funnels(path).values()
    assert (entry.name, entry.funnel.name) == ("shop", "shop")
    assert entry.events == (f"{tmp_path}/a.parquet", "/b/*.parquet")
    assert entry.funnel.timezone == "Europe/Berlin"
    assert entry.expect_table == {"counts": [2, 1]}


def test_the_definition_may_be_a_chart_or_a_query(tmp_path):
    (tmp_path / "chart.json").write_text(
        '{"type": "funnels", "params": {"start": 1777593600, "end": 1780271999, '
        '"timezone": "Asia/Tokyo", "conversionSeconds": 604800, '
        '"events": [{"event_type": "A"}, {"event_type": "B"}]}}'
    )
    path = tmp_path / "f.toml"
    path.write_text(
        '[project]\ntimezone = "Europe/Berlin"\n'
        '[funnels.chart]\ndefinition = "chart.json"\n'
        '[funnels.changed]\ndefinition = "chart.json"\nwindow = "2d"\nwhere = "p is 1"\n'
        "[funnels.query]\n"
        """definition = 'e={"event_type":"A"}&start=20260501&end=20260531'\n"""
    )
    found = {name: entry.funnel for name, entry in load_funnels(path).items()}
    assert found["chart"].timezone == "Asia/Tokyo"
    assert found["chart"].window == timedelta(days=7)
    assert found["changed"].window == timedelta(days=2)
    assert found["changed"].steps[0].events[0].filters
    assert found["query"].timezone == "Europe/Berlin"
    assert found["query"].window == timedelta(days=30)  # what the API says where nobody does


def test_a_definition_that_is_no_chart_is_named(tmp_path):
    path = tmp_path / "f.toml"
    path.write_text('[funnels.f]\ndefinition = "other.json"\n')
    with pytest.raises(DefinitionError, match=r"funnels\.f\.definition: there is no file"):
        load_funnels(path)


def test_what_is_expected_survives_being_written_anew(tmp_path):
    text = """
        events = "a.parquet"
        steps = "A > B"
        window = "1d"
        [expect]
        counts = [2, 1]
        series = { 2026-05-01 = [2, 1] }
        times = { "1 to 2" = { average = 12.5, median = "3m" } }
        missing_users = [{ step = 2, users = 3, reason = 'say "bots"' }]
        known_difference = { reason = "moved", until = 2026-12-31 }
        fetched_at = 2026-06-01T10:00:00Z
    """
    path = tmp_path / "shop.funnel.toml"
    path.write_text(text, "utf-8")
    before = load_funnels(path)["shop"]
    path.write_text(dump_funnels([before]), "utf-8")
    after = load_funnels(path)["shop"]
    assert after.expect_table == before.expect_table
    assert (after.events, after.funnel) == (before.events, before.funnel)
