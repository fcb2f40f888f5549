"""Errors have exit codes, and know what is near."""

import pytest

import funnelkit as fk
from funnelkit import errors
from funnelkit.errors import did_you_mean, fold, nearest


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.FunnelkitError, 4),
        (errors.CheckFailed, 1),
        (errors.DefinitionError, 2),
        (errors.UnsupportedError, 2),
        (errors.DataError, 3),
        (errors.ColumnError, 3),
        (errors.CouldNotCheck, 5),
    ],
)
def test_each_error_has_its_exit_code_and_is_public(error, code):
    assert error.exit_code == code
    assert issubclass(error, fk.FunnelkitError)
    assert getattr(fk, error.__name__) is error


def test_an_unsupported_definition_is_a_wrong_definition_and_a_wrong_column_wrong_data():
    assert issubclass(errors.UnsupportedError, errors.DefinitionError)
    assert issubclass(errors.ColumnError, errors.DataError)


KNOWN = ["ProductViewed", "ProductAdded", "CheckoutStarted", "OrderCompleted"]


@pytest.mark.parametrize(
    "word", ["productviewed", "Product Viewed", "product_viewed", "PRODUCT-VIEWED"]
)
def test_case_blanks_underscores_and_hyphens_do_not_matter(word):
    assert nearest(word, KNOWN)[0] == "ProductViewed"


@pytest.mark.parametrize(
    ("word", "found"),
    [("CheckoutStrated", ["CheckoutStarted"]), ("zzz", []), ("", [])],
)
def test_a_slip_of_the_finger_is_forgiven_and_nonsense_is_not(word, found):
    assert nearest(word, KNOWN) == found


def test_words_that_differ_in_case_only_are_all_named():
    assert nearest("price", ["Price", "PRICE", "other"]) == ["Price", "PRICE"]


def test_at_most_three_words_are_named_and_the_best_comes_first():
    found = nearest("step", ["steps", "stepp", "step", "stepq", "stepr"])
    assert len(found) == 3
    assert found[0] == "step"
    assert nearest("step", ["steps", "step"], most=1) == ["step"]


def test_a_hint_begins_with_a_blank_or_is_nothing():
    assert did_you_mean("ordercompleted", KNOWN) == " Did you mean 'OrderCompleted'?"
    assert did_you_mean("a", ["A", "a "]) == " Did you mean 'A' or 'a '?"
    assert did_you_mean("zzz", KNOWN) == ""


def test_folding_knows_more_than_ascii():
    assert fold("Straße\t_-X") == "strassex"
