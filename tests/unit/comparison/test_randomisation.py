import pytest

from funnelkit.comparison.sentences import say
from funnelkit.errors import DataError, DefinitionError


def experiment(sizes, converted, *, both=0):
    """Return events of variants by name; `both` users meet the first two."""
    lines = []
    for (variant, users), buyers in zip(sizes.items(), converted, strict=True):
        for number in range(users):
            lines.append(f"{variant}{number} {number % 14} A variant={variant}")
            lines += [f"{variant}{number} {number % 14 + 0.1} B"] if number < buyers else []
    one, other = list(sizes)[:2]
    lines += [f"{one}{number} {number % 14 + 0.2} A variant={other}" for number in range(both)]
    return "\n".join(lines)


def test_the_sides_are_the_variants_and_control_is_the_baseline(compare):
    result = compare(experiment({"bold": 400, "control": 400}, [120, 80]), randomised_by="variant")
    assert (result.baseline.name, result.against.name) == ("control", "bold")
    assert result.lift.difference == pytest.approx(0.1)
    assert result.verdict.call == "randomised"
    assert result.sentence.startswith("Randomised comparison: +10.0 points")
    assert [line.name for line in result.lines] == ["sample ratio"]
    assert not result.line("sample ratio").mismatch


def test_an_uneven_split_is_said_before_the_estimate_is_believed(compare):
    result = compare(experiment({"control": 400, "bold": 600}, [80, 180]), randomised_by="variant")
    assert result.line("sample ratio").mismatch
    assert result.sentence.endswith("But the split is not even.")


def test_users_of_both_variants_are_counted(compare):
    result = compare(experiment({"a": 100, "b": 100}, [20, 30], both=7), randomised_by="variant")
    line = result.line("both variants")
    assert line.counted.shared == 7
    assert line.share == pytest.approx(7 / 100)


def test_events_without_a_variant_stay_outside(compare):
    text = (
        experiment({"a": 40, "b": 40}, [10, 20]) + "\n" + "\n".join(f"z{n} 1 A" for n in range(9))
    )
    result = compare(text, randomised_by="variant")
    assert result.baseline.series.counts[0] + result.against.series.counts[0] == 80
    assert result.line("sample ratio").left_out == 9
    assert "9 users have neither value and are left out" in say(result.lines[0], "user")


def test_users_of_both_variants_are_not_taken_for_users_of_none(compare):
    result = compare(experiment({"a": 100, "b": 100}, [20, 30], both=7), randomised_by="variant")
    assert result.line("sample ratio").left_out == 0
    assert "left out" not in say(result.lines[0], "user")


def test_three_variants_ask_which_two(compare):
    text = experiment({"a": 10, "b": 10, "c": 10}, [1, 2, 3])
    with pytest.raises(DefinitionError, match=r"3 values: a \(10\), b \(10\), c \(10\)"):
        compare(text, randomised_by="variant")
    result = compare(
        text,
        randomised_by="variant",
        baseline_where="variant is a",
        against_where="variant is c",
    )
    assert result.against.series.counts == (10, 3)
    assert result.verdict.call == "randomised"


def test_one_variant_alone_is_nothing_to_compare(compare):
    with pytest.raises(DataError, match="the value 'a' only"):
        compare("x 1 A variant=a\ny 2 A", randomised_by="variant")


def test_two_periods_are_not_randomised(compare):
    text = experiment({"a": 40, "b": 40}, [10, 20])
    with pytest.raises(DefinitionError, match="one period for both sides"):
        compare(text, "0..7", "7..14", randomised_by="variant")
