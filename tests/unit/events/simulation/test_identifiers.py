import uuid

import numpy as np

from funnelkit.events.simulation.identifiers import hexadecimal, uuids


def test_uuids_are_valid_random_ones():
    high = np.array([0, 2**64 - 1, 0x0123456789ABCDEF], dtype=np.uint64)
    low = np.array([0, 2**64 - 1, 0xFEDCBA9876543210], dtype=np.uint64)
    found = uuids(high, low).to_pylist()
    assert found == [
        "00000000-0000-4000-8000-000000000000",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
        "01234567-89ab-4def-bedc-ba9876543210",
    ]
    for text in found:
        assert str(uuid.UUID(text)) == text
        assert uuid.UUID(text).version == 4


def test_words_become_sixteen_digits():
    words = np.array([0, 255, 2**64 - 1, 0x0123456789ABCDEF], dtype=np.uint64)
    assert hexadecimal(words).to_pylist() == [f"{word:016x}" for word in words.tolist()]


def test_no_word_gives_no_text():
    nothing = np.array([], dtype=np.uint64)
    assert hexadecimal(nothing).to_pylist() == uuids(nothing, nothing).to_pylist() == []
