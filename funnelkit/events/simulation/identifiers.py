"""Random bits as text, whole columns at a time: version-4 UUIDs and short hexadecimal ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from funnelkit.events.simulation.draws import Words

FOUR_DIGITS: Final = np.frombuffer(
    b"".join(f"{number:04x}".encode() for number in range(1 << 16)), dtype=np.uint32
)
"""Each 16-bit number as its four hexadecimal digits, four bytes in one word."""

GROUPS: Final = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
"""The digits of a UUID between its dashes."""


def hexadecimal(bits: Words) -> pa.StringArray:
    """Return the words as 16 hexadecimal digits each."""
    return _strings(_digits(bits).reshape(len(bits), 16))


def uuids(high: Words, low: Words) -> pa.StringArray:
    """Return UUIDs (version 4, RFC 9562) made of twice 64 bits each, with dashes."""
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    digits = _digits(np.stack([high, low], axis=1)).reshape(len(high), 32)
    text = np.full((len(high), 36), ord("-"), dtype=np.uint8)
    for dashes, (first, last) in enumerate(GROUPS):
        text[:, first + dashes : last + dashes] = digits[:, first:last]
    return _strings(text)


def _digits(words: Words) -> NDArray[np.uint8]:
    digits: NDArray[np.uint8] = FOUR_DIGITS[words.astype(">u8").view(">u2")].view(np.uint8)
    return digits


def _strings(text: NDArray[np.uint8]) -> pa.StringArray:
    rows, width = text.shape
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(text.reshape(-1)))
