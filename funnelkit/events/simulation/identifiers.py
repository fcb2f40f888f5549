"""Random bits as text, whole columns at a time: version-4 UUIDs and short hexadecimal ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from funnelkit.events.simulation.draws import Words

HEX: Final = np.frombuffer(
    b"".join(f"{byte:02x}".encode() for byte in range(256)), dtype="S2"
)  # each byte as its two digits
UUID_BYTES: Final = 36
DASHES: Final = (8, 13, 18, 23)
DIGITS: Final = np.array([place for place in range(UUID_BYTES) if place not in DASHES])


def hexadecimal(bits: Words) -> pa.StringArray:
    """Return the words as 16 hexadecimal digits each."""
    return _strings(_digits(bits).reshape(len(bits), 16))


def uuids(high: Words, low: Words) -> pa.StringArray:
    """Return UUIDs (version 4, RFC 9562) made of twice 64 bits each, with dashes."""
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    text = np.full((len(high), UUID_BYTES), ord("-"), dtype=np.uint8)
    digits = _digits(np.stack([high, low], axis=1)).reshape(len(high), 32)
    text[:, DIGITS] = digits
    return _strings(text)


def _digits(words: Words) -> NDArray[np.uint8]:
    in_order = words.astype(">u8").view(np.uint8)
    return HEX[in_order].view(np.uint8)


def _strings(text: NDArray[np.uint8]) -> pa.StringArray:
    rows, width = text.shape
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    data = pa.py_buffer(np.ascontiguousarray(text).tobytes())
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends.tobytes()), data)
