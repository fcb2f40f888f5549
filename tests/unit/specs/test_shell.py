"""`--steps A > B` without quotes: the shell writes B, and only A arrives."""

import os
import subprocess
import sys
import time

import pytest

from funnelkit.specs.shell import eaten_by_shell
from funnelkit.specs.steps import parse_steps

ONE = parse_steps("Product Viewed")


@pytest.fixture
def nowhere():
    """A standard output that is no file in any directory."""
    with open(os.devnull, "wb") as file:  # noqa: PTH123
        yield file.fileno()


def test_a_fresh_empty_file_with_a_name_like_an_event_is_noticed(tmp_path, nowhere):
    (tmp_path / "ProductAdded").touch()
    message = eaten_by_shell(ONE, directory=tmp_path, stdout=nowhere)
    assert "the file ProductAdded" in message
    assert "--steps 'Product Viewed > ProductAdded'" in message


def test_the_file_that_standard_output_goes_to_comes_last(tmp_path):
    (tmp_path / "Z").touch()
    with (tmp_path / "B").open("wb") as stdout:
        message = eaten_by_shell(ONE, directory=tmp_path, stdout=stdout.fileno())
    assert "'Product Viewed > Z > B'" in message


def test_several_steps_have_arrived_whole(tmp_path, nowhere):
    (tmp_path / "B").touch()
    assert eaten_by_shell(parse_steps("A > B"), directory=tmp_path, stdout=nowhere) is None


def test_a_file_for_the_result_is_no_event(tmp_path):
    with (tmp_path / "report.csv").open("wb") as stdout:
        assert eaten_by_shell(ONE, directory=tmp_path, stdout=stdout.fileno()) is None


def test_a_known_event_may_have_a_dot_in_its_name(tmp_path, nowhere):
    (tmp_path / "cart.opened").touch()
    assert eaten_by_shell(ONE, directory=tmp_path, stdout=nowhere) is None
    message = eaten_by_shell(ONE, directory=tmp_path, stdout=nowhere, events=["cart.opened"])
    assert "cart.opened" in message


def test_old_files_full_files_and_folders_are_left_alone(tmp_path, nowhere):
    (tmp_path / "old").touch()
    long_ago = time.time() - 3600
    os.utime(tmp_path / "old", (long_ago, long_ago))
    (tmp_path / "full").write_text("something")
    (tmp_path / "folder").mkdir()
    assert eaten_by_shell(ONE, directory=tmp_path, stdout=nowhere) is None


def test_a_folder_that_cannot_be_listed_says_nothing(tmp_path, nowhere):
    assert eaten_by_shell(ONE, directory=tmp_path / "missing", stdout=nowhere) is None


@pytest.mark.skipif(os.name != "posix", reason="the test speaks to a POSIX shell")
def test_a_real_shell_is_noticed(tmp_path):
    program = (
        "import sys; from funnelkit.specs.shell import eaten_by_shell; "
        "from funnelkit.specs.steps import parse_steps; "
        "print(eaten_by_shell(parse_steps(sys.argv[1])), file=sys.stderr)"
    )
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "{program}" A > B > C'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'A > B > C'" in done.stderr
