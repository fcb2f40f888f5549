"""Write the generated pages anew: `make docs`.

`docs/cli.md` comes from the commands' own help, `docs/python.md` from the docstrings. In every
other page, the output of a console block is replaced where it no longer agrees with what the
command prints. The output of a command that fails is left to a person, and so is a page that
somebody changed in the meantime.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from console_blocks import (
    REPOSITORY,
    agrees,
    blocks,
    commands,
    documents,
    reading_folder,
    run,
)
from python_page import python_page
from typer.main import get_command

from funnelkit.cli.app import application

if TYPE_CHECKING:
    from collections.abc import Iterator

CLI_PAGE = REPOSITORY / "docs" / "cli.md"
PYTHON_PAGE = REPOSITORY / "docs" / "python.md"

CLI_HEAD = """\
# The command line

<!-- Written by `make docs` from the commands' own help: do not edit. -->

Data goes to stdout, everything else to stderr. `funnelkit … > file` and `-o file` write the same
bytes. Options have the same names in Python.

| exit code | meaning |
| --- | --- |
| 0 | fine |
| 1 | checked, and the numbers do not hold (`verify`, `--assert`) |
| 2 | the command, an option or a funnel definition is wrong |
| 3 | the events cannot be read |
| 4 | an error of funnelkit itself |
| 5 | nothing could be checked |
| 130 | interrupted |
"""


def command_names() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, the program itself first, as `--help` lists them."""

    def names(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, below in getattr(command, "commands", {}).items():
            if not below.hidden:
                yield from names(below, (*words, name))

    yield from names(get_command(application()), ("funnelkit",))


def cli_page() -> str:
    """Return the page of all commands."""
    parts = [CLI_HEAD]
    for words in command_names():
        command = " ".join([*words, "--help"])
        status, printed = run(command, REPOSITORY)
        if status:
            raise SystemExit(f"{command}: {printed}")
        parts.append(f"## {' '.join(words)}\n\n```console\n$ {command}\n{printed}\n```\n")
    return "\n".join(parts)


def refreshed(markdown: str) -> str:
    """Return a document with the output of its console blocks as it is today."""
    lines = markdown.splitlines()
    replaced: list[tuple[int, int, list[str]]] = []
    with reading_folder() as folder:
        status = 0
        for block in blocks(markdown, "console"):
            found = commands(block)
            ends = [command.line for command in found[1:]] + [block.line + len(block.lines)]
            for command, end in zip(found, ends, strict=True):
                if not command.is_run:
                    continue
                status, printed = run(command.text, folder, status=status)
                if status:
                    print(f"line {command.line} exits with {status}: {printed}", file=sys.stderr)
                elif not agrees(command.printed, printed):
                    start = command.line + len(command.typed)
                    new = [f"{block.indent}{line}".rstrip() for line in printed.splitlines()]
                    replaced.append((start, end, new))
    for start, end, new in reversed(replaced):
        lines[start - 1 : end - 1] = new
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Write every page that changed, and say which."""
    CLI_PAGE.touch()
    PYTHON_PAGE.touch()
    for page in documents():
        before = page.read_text("utf-8")
        if page == CLI_PAGE:
            after = cli_page()
        else:
            after = python_page() if page == PYTHON_PAGE else refreshed(before)
        if after == before:
            continue
        name = page.relative_to(REPOSITORY)
        if page.read_text("utf-8") != before:
            raise SystemExit(f"{name} was changed in the meantime; nothing was written to it")
        page.write_text(after, "utf-8", newline="\n")
        print(f"wrote {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
