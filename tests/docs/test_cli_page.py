"""docs/cli.md is the commands' own help, and that help is complete."""

from __future__ import annotations

import inspect

import pytest
from typer.main import get_command
from write_pages import CLI_PAGE, cli_page, command_names

from funnelkit.cli.app import application

COMMANDS = list(command_names())


def found(words):
    command = get_command(application())
    for word in words[1:]:
        command = command.commands[word]
    return command


@pytest.mark.slow
def test_page_is_what_make_docs_writes():
    assert CLI_PAGE.read_text("utf-8") == cli_page(), "run `make docs`"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_command_and_each_of_its_options_is_explained(words):
    command = found(words)
    (section,) = [
        section
        for section in CLI_PAGE.read_text("utf-8").split("\n## ")
        if section.startswith(f"{' '.join(words)}\n")
    ]
    assert inspect.cleandoc(command.help or "").splitlines()[0]
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            assert parameter.help, f"{parameter.name} has no help"
            assert any(option in section for option in parameter.opts)
