"""A cohort is a list of ids: a line each, or a CSV file as the list of users is saved."""

import pytest

from funnelkit.engine.history import read_cohort
from funnelkit.errors import DataError
from funnelkit.model import Cohort


def ids(tmp_path, text):
    path = tmp_path / "ids.csv"
    path.write_text(text, "utf-8")
    return read_cohort(Cohort(str(path)))


def test_without_a_header_each_line_is_an_id(tmp_path):
    assert ids(tmp_path, "b\n\n a \nb\nx,y\n") == ["b", "a", "x,y"]


def test_a_list_of_users_is_read_by_its_column_of_ids(tmp_path):
    assert ids(tmp_path, 'user_id,steps\nann,2\n"b,c",1\nann,1\n') == ["ann", "b,c"]


def test_the_first_filled_column_of_ids_counts_wherever_it_stands(tmp_path):
    text = "device_id,steps,user_id,amplitude_id\nd1,2,ann,\nd2,1,,\nd3,1,bob,7\n,1,,\n"
    assert ids(tmp_path, text) == ["ann", "d2", "7"]


def test_one_column_with_a_header_is_a_list_of_users_too(tmp_path):
    assert ids(tmp_path, "\ufeffuser_id\r\nann\r\n") == ["ann"]


def test_a_short_row_has_no_id(tmp_path):
    assert ids(tmp_path, "steps,user_id\n1\n2,ann\n") == ["ann"]


@pytest.mark.parametrize("text", ["", "\n \n", "user_id,steps\n,2\n"])
def test_a_file_without_ids_is_an_error(tmp_path, text):
    with pytest.raises(DataError, match=r"has no id: expected one per line, or a CSV file"):
        ids(tmp_path, text)
