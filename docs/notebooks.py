"""The notebooks of `examples/`: run their code, compare what it prints, write it anew.

A notebook is run in this process, cell by cell, without Jupyter: what a cell prints, and the value
of its last line, are its outputs. Texts are compared; pictures are drawn again, but the fonts of a
machine move their labels, so of them only the words are compared.

    python docs/notebooks.py    runs all notebooks and stores what they print
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "examples"
WORDS = re.compile(r"<(?:text|tspan|title|desc)\b[^>]*>([^<]+)<")


def notebooks() -> list[Path]:
    """Return all notebooks."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(file: Path) -> dict[str, Any]:
    """Return a notebook as plain JSON values."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def run(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the outputs of each code cell, in order."""
    names: dict[str, Any] = {"__name__": "__main__"}
    return [
        _outputs("".join(cell["source"]), names, number)
        for number, cell in enumerate(code_cells(notebook), 1)
    ]


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells that hold code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def comparable(outputs: list[dict[str, Any]]) -> list[str]:
    """Return what is compared of a cell's outputs: its texts, and the words in its pictures."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        found.append("".join(output.get("text", data.get("text/plain", []))))
        found.append(" ".join(words_of("".join(data.get("image/svg+xml", [])))))
    return found


def words_of(svg: str) -> list[str]:
    """Return the words in a picture, in the order in which they are drawn."""
    return [unescape(words) for words in WORDS.findall(svg)]


def write(file: Path) -> bool:
    """Run a notebook and store its outputs where they changed; return whether they did."""
    notebook = read(file)
    changed = False
    for number, (cell, outputs) in enumerate(
        zip(code_cells(notebook), run(notebook), strict=True), 1
    ):
        if cell["execution_count"] != number or comparable(cell["outputs"]) != comparable(outputs):
            cell["outputs"], cell["execution_count"] = outputs, number
            changed = True
    if changed:
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
    return changed


def _outputs(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"<cell {number}>", "exec"), names)  # noqa: S102 - the notebook's code
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"<cell {number}>", "eval"), names)  # noqa: S307
    found: list[dict[str, Any]] = []
    if text := printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": _lines(text)})
    if value is not None:
        data = {"text/plain": _lines(repr(value))}
        if hasattr(value, "to_svg"):
            data["image/svg+xml"] = _lines(value.to_svg())
        elif hasattr(value, "_repr_html_"):
            data["text/html"] = _lines(value._repr_html_())
        found.append(
            {
                "output_type": "execute_result",
                "execution_count": number,
                "metadata": {},
                "data": data,
            }
        )
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    for one in notebooks():
        print(f"{'wrote' if write(one) else 'unchanged:'} {one.name}")
