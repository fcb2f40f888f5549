import pytest

from funnelkit.comparison.judgement import judgement
from funnelkit.specs.assertions import parse_assertion
from funnelkit.stats.proportion import Interval


@pytest.mark.parametrize(
    ("text", "interval", "outcome"),
    [
        ("lift > 0 points", (0.01, 0.05), "pass"),
        ("lift > 0 points", (-0.01, 0.05), "undecided"),
        ("lift > 0 points", (-0.05, -0.01), "fail"),
        ("lift > 2 points", (0.01, 0.05), "undecided"),
        ("lift < 1 points", (-0.05, 0.005), "pass"),
        ("lift >= 1 points", (0.01, 0.05), "pass"),
        ("lift > 1 points", (0.01, 0.05), "undecided"),
        ("lift <= -5 percent", (-0.2, -0.1), "pass"),
        ("lift == 0 points", (-0.01, 0.01), "undecided"),
        ("lift == 0 points", (0.01, 0.02), "fail"),
        ("lift != 0 points", (0.01, 0.02), "pass"),
        ("lift != 0 points", (-0.01, 0.02), "undecided"),
    ],
)
def test_a_claim_is_judged_on_the_whole_interval(text, interval, outcome):
    assert judgement(parse_assertion(text), Interval(*interval)) == outcome
