"""The `console` blocks of the documentation: read them, run them, compare, write them anew.

A block shows what a person types and what is then printed:

    $ funnelkit report sample_events/workshop --steps "ProductViewed > ProductAdded"
    …

Each `$` line is run, in a folder of its own per document that holds `sample_events/`, with 80
columns and without colour; stdout and stderr stand together, as on a terminal. Lines that start
with `> ` continue the command. `...` in the output stands for anything. Commands other than those
of `RUNNABLE`, and commands that name a server, are not run, and so must not show any output.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent

RUNNABLE = re.compile(r"(?:[A-Z_]+=\S+ )*(?:funnelkit|python|echo|cat|head|ls|make \w+)\b")
FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)\s*")
ONE_SMALL_TEST = (
    "tests/packaging/test_import_hygiene.py::test_importing_funnelkit_loads_nothing_heavy"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the number of its first line, and its lines unindented."""

    language: str
    line: int
    lines: tuple[str, ...]
    indent: str = ""

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, the number of its line, and what is said to be printed."""

    line: int
    typed: tuple[str, ...]
    printed: str

    @property
    def text(self) -> str:
        """The command as the shell reads it."""
        first, *rest = self.typed
        return "\n".join([first.removeprefix("$ "), *(line.removeprefix("> ") for line in rest)])

    @property
    def is_run(self) -> bool:
        """Whether the command is one that the documentation's tests may run."""
        return RUNNABLE.match(self.text) is not None and "://" not in self.text


def documents() -> list[Path]:
    """Return the README and every page of `docs/`."""
    return [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def blocks(markdown: str, *languages: str) -> list[Block]:
    """Return the fenced blocks in these languages."""
    found, opened, start = [], None, 0
    lines = markdown.splitlines()
    for number, line in enumerate(lines, start=1):
        fence = FENCE.fullmatch(line)
        if fence and opened is None:
            opened, start = fence, number
        elif fence and opened is not None and not fence["language"]:
            indent = opened["indent"]
            inside = tuple(text.removeprefix(indent) for text in lines[start : number - 1])
            if opened["language"] in languages:
                found.append(Block(opened["language"], start + 1, inside, indent))
            opened = None
    return found


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block, in order."""
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.lines, start=block.line):
        if line.startswith("$ "):
            found.append((number, [line], []))
        elif not found:
            raise ValueError(f"line {number}: a console block starts with `$ `, not with {line!r}")
        elif not found[-1][2] and line.startswith("> "):
            found[-1][1].append(line)
        else:
            found[-1][2].append(line)
    return [
        Command(number, tuple(typed), tidy("\n".join(printed))) for number, typed, printed in found
    ]


def tidy(text: str) -> str:
    """Return `text` without blanks at the ends of lines and without empty last lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")


def agrees(expected: str, printed: str) -> bool:
    """Return whether the output is the expected one; `...` stands for anything."""
    pattern = ".*?".join(map(re.escape, expected.split("...")))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def plain_environment() -> dict[str, str]:
    """Return environment variables under which every program prints the same everywhere.

    80 columns, no colour, and `funnelkit` of the running Python first on the path. Make's own
    variables are taken out: this may be running below `make test`.
    """
    dropped = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE", "CI"}
    dropped |= {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("FUNNELKIT_", "PYTEST_"))
    }
    return kept | {
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TERMINAL_WIDTH": "80",
        "_TYPER_FORCE_DISABLE_TERMINAL": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",  # stdout and stderr in the order in which they were written
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


@contextmanager
def reading_folder() -> Iterator[Path]:
    """Yield a temporary folder with the samples in it, as a reader of the documents has them."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(REPOSITORY / "sample_events", Path(name, "sample_events"))
        yield Path(name)


def run(command: str, folder: Path, *, status: int = 0) -> tuple[int, str]:
    """Run a command in `folder`, after one that ended with `status`; return status and output."""
    if command.startswith("make "):
        command, folder = without_setting_up(command), REPOSITORY
    done = subprocess.run(
        ["bash", "-c", f"(exit {status})\n{command}"],
        cwd=folder,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, tidy(done.stdout)


def without_setting_up(command: str) -> str:
    """Return what `make TARGET` runs once its environment stands; `make test` runs one test."""
    words = [*command.split(), f"VENV={sys.prefix}", f"TESTS={ONE_SMALL_TEST}"]
    planned = subprocess.run(
        [*words, "--dry-run", "--no-print-directory"],
        cwd=REPOSITORY,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return planned.stdout.splitlines()[-1]
