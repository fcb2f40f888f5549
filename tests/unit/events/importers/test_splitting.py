"""However a stream is cut into blocks, its lines are those between line ends."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.events.importers import lines
from funnelkit.events.importers.lines import Chunk, Splitter

if TYPE_CHECKING:
    from funnelkit.events.importers.rejects import Reject

PIECES = st.sampled_from([b"a", b"{}", b"\n", b"\n", b" ", b"\r\n", b"\0", b"\xff", "é".encode(), b"x" * 9])  # noqa: E501  # fmt: skip


def split(content: bytes, *, block: int, longest: int, worthwhile: int) -> tuple[object, ...]:
    """Return the lines with their numbers, the rejected ones, the count and the digest."""
    rejects: list[Reject] = []
    chunk, target = Chunk(Path("chunk")), io.BytesIO()
    with (
        patch.object(lines, "BLOCK", block),
        patch.object(lines, "LONGEST", longest),
        patch.object(lines, "_WORTHWHILE", worthwhile),
    ):
        count, digest = Splitter(rejects.append).copy(
            io.BytesIO(content), file=0, label="a", chunks=lambda: (chunk, target)
        )
    kept = target.getvalue().split(b"\n")[:-1]
    assert len(kept) == chunk.rows
    return (
        {chunk.place(row)[1]: line for row, line in enumerate(kept)},
        {each.line for each in rejects},
        count,
        digest,
    )


def expected(content: bytes) -> tuple[object, ...]:
    """Return the same in the plainest way."""
    text = content.removeprefix(b"\xef\xbb\xbf")
    if text and not text.endswith(b"\n"):
        text += b"\n"
    kept, rejected = {}, set()
    for number, line in enumerate(text.split(b"\n")[:-1], start=1):
        if b"\0" in line or line.decode("utf-8", "ignore").encode() != line:
            rejected.add(number)
        elif line.strip():
            kept[number] = line
    return kept, rejected, len(kept) + len(rejected), hashlib.sha256(text).hexdigest()


@settings(max_examples=400)
@given(
    content=st.lists(PIECES, min_size=1, max_size=60).map(b"".join),
    block=st.integers(3, 40),
    worthwhile=st.sampled_from([0, 15, 1000]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_blocks_of_any_size_give_the_lines_of_the_whole(
    content: bytes, block: int, worthwhile: int, mark: bytes
) -> None:
    whole = mark + content
    found = split(whole, block=block, longest=10_000, worthwhile=worthwhile)
    assert found == expected(whole)


@given(block=st.integers(1, 30), before=st.integers(0, 5), after=st.integers(0, 5))
def test_line_beyond_all_measure_is_the_only_one_that_is_lost(
    block: int, before: int, after: int
) -> None:
    content = b"{}\n" * before + b"y" * 200 + b"\n" + b"{}\n" * after
    kept, rejected, count, _ = split(content, block=block, longest=50, worthwhile=0)
    assert rejected == {before + 1}
    assert count == before + 1 + after
    assert kept == {n: b"{}" for n in range(1, count + 1) if n != before + 1}
