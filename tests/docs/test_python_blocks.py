"""The Python blocks of the documentation and the examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
from console_blocks import blocks, documents, reading_folder

import funnelkit

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(funnelkit.__path__, "funnelkit.")
    if not module.name.endswith("__main__")
)


def failures(test: doctest.DocTest) -> str:
    """Run the examples in the names of `test`, and return what is wrong with them."""
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    return "".join(said) if runner.failures else ""


@pytest.mark.slow
@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_python_blocks_run_and_print_what_the_document_shows(document, subtests, monkeypatch):
    names: dict[str, object] = {}
    monkeypatch.setenv("COLUMNS", "80")
    with reading_folder() as folder, monkeypatch.context() as here:
        here.chdir(folder)
        for block in blocks(document.read_text("utf-8"), "python", "pycon"):
            with subtests.test(f"{document.name}:{block.line}"):
                if ">>>" not in block.text:
                    exec(compile(block.text, f"{document}:{block.line}", "exec"), names)
                    continue
                examples = doctest.DocTestParser().get_doctest(
                    block.text, names, document.name, str(document), block.line - 1
                )
                assert failures(examples) == ""
                names |= examples.globs


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        assert failures(test) == ""
