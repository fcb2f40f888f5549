"""Kernels compiled: the cache notices changes of every source that a kernel is made of."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from funnelkit.engine import kernel


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A module with a rule, and a kernel that imports it; returns a way to write the rule."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    # Python takes byte code for that of a source of the same length in the same second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(rule):
        for name in [name for name in sys.modules if name.startswith("kernels")]:
            del sys.modules[name]
        kernel._compiled.cache_clear()
        kernel._digest.cache_clear()
        (tmp_path / "kernels" / "rule.py").write_text(f"def rule(x):\n    return {rule}\n")
        (tmp_path / "kernels" / "chief.py").write_text(
            "from kernels.rule import rule\n\n\ndef apply(x):\n    return rule(x) + 1\n"
        )
        for name in ("kernels", "kernels.rule", "kernels.chief"):
            path = tmp_path / "kernels" / f"{name.partition('.')[2] or '__init__'}.py"
            spec = spec_from_file_location(name, path)
            module = module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
        return kernel._compiled("kernels.chief")

    yield write
    for name in [name for name in sys.modules if name.startswith("kernels")]:
        del sys.modules[name]
    kernel._compiled.cache_clear()
    kernel._digest.cache_clear()


def test_a_change_of_an_imported_rule_is_not_answered_from_the_cache(package):
    assert package("x * 10").apply(2) == 21
    changed = package("x * 20").apply
    assert changed(2) == 41
    assert not changed.stats.cache_hits


def test_what_did_not_change_comes_from_the_cache(package):
    assert package("x * 10").apply(2) == 21
    again = package("x * 10").apply
    assert again(2) == 21
    assert again.stats.cache_hits


def test_every_kernel_has_a_digest_of_its_own():
    names = ("match", "strict", "any_order", "totals", "repeats")
    modules = [f"funnelkit.engine.{name}" for name in names]
    assert all(import_module(module) for module in modules)
    assert len({kernel._digest(module) for module in modules}) == len(modules)
