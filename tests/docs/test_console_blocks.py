"""What the README and the pages of docs/ show is what happens."""

from __future__ import annotations

import difflib
import shutil
import sys

import pytest
from console_blocks import (
    REPOSITORY,
    Block,
    agrees,
    blocks,
    commands,
    documents,
    reading_folder,
    run,
)

needs_bash = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None,
    reason="the console blocks are written for bash, which is not here",
)


@needs_bash
@pytest.mark.slow
@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_console_blocks_print_what_the_document_shows(document, subtests):
    status = 0
    with reading_folder() as folder:
        for block in blocks(document.read_text("utf-8"), "console"):
            for command in commands(block):
                with subtests.test(f"{document.name}:{command.line}"):
                    if not command.is_run:
                        assert not command.printed, "nobody checks the output of this command"
                        continue
                    if command.text.startswith("make ") and not shutil.which("make"):
                        pytest.skip("make is not installed")
                    status, printed = run(command.text, folder, status=status)
                    difference = difflib.unified_diff(
                        command.printed.splitlines(),
                        printed.splitlines(),
                        "the document",
                        "the program",
                        lineterm="",
                    )
                    assert agrees(command.printed, printed), "\n".join(difference)


def test_readme_shows_both_commands_of_a_fresh_machine_with_what_they_print():
    shown = {
        command.text: command.printed
        for block in blocks((REPOSITORY / "README.md").read_text("utf-8"), "console")
        for command in commands(block)
    }
    assert shown["make demo"].strip(".\n")
    assert "passed" in shown["make test"]


def test_block_is_read_with_its_commands_continuations_and_output():
    markdown = (
        "1. Try\n\n   ```console\n   $ echo 'one\n   > two'\n   one\n   two\n\n"
        "   $ pip list\n   ```\n"
    )
    (block,) = blocks(markdown, "console")
    first, second = commands(block)
    assert (first.line, first.text, first.printed) == (4, "echo 'one\ntwo'", "one\ntwo")
    assert (second.line, second.text, second.printed) == (9, "pip list", "")
    assert first.is_run
    assert not second.is_run


def test_command_that_names_a_server_is_not_run():
    block = Block("console", 1, ("$ funnelkit simulate workshop --to-amplitude http://[::1]/",))
    (command,) = commands(block)
    assert not command.is_run


def test_block_in_another_language_is_left_alone():
    assert blocks("```sql\nSELECT 1\n```\n```\n$ echo\n```\n", "console") == []


def test_block_that_starts_with_output_is_an_error():
    with pytest.raises(ValueError, match="line 3: a console block starts with"):
        commands(Block("console", 3, ("1177",)))


def test_dots_stand_for_anything_and_nothing_else_does():
    assert agrees("a ... c", "a b\nb c")
    assert agrees("in .. s", "in .. s")
    assert not agrees("a ... c", "a b d")
    assert not agrees("1.5", "1x5")


@needs_bash
def test_command_runs_plainly_and_sees_the_status_of_the_one_before(tmp_path):
    assert run("echo $? $COLUMNS $NO_COLOR", tmp_path, status=3) == (0, "3 80 1")
    assert run("echo talk >&2; echo data; exit 5", tmp_path) == (5, "talk\ndata")
