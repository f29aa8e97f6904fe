"""The pipe's frames: any split of the bytes gives the same messages; garbage is refused."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import MAX_MESSAGE_BYTES, Decoder, ProtocolError, encode

messages = st.lists(
    st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=30), max_size=4).map(
        lambda d: {**d, "type": "progress"}
    ),
    max_size=5,
)


@given(messages, st.lists(st.integers(1, 7), min_size=1))
def test_messages_survive_any_split_of_the_bytes(sent: list, sizes: list) -> None:
    stream = b"".join(map(encode, sent))
    decoder, received, at, k = Decoder(), [], 0, 0
    while at < len(stream):
        step = sizes[k % len(sizes)]
        received += decoder.feed(stream[at : at + step])
        at, k = at + step, k + 1
    assert received == sent


@pytest.mark.parametrize(
    "garbage",
    [
        b"Traceback (most recent call last):",
        struct.pack(">I", MAX_MESSAGE_BYTES + 1),
        struct.pack(">I", 4) + b"oops",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 2) + b"\xff\xfe",
    ],
)
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(garbage)


def test_oversized_messages_are_not_sent() -> None:
    with pytest.raises(ProtocolError):
        encode({"type": "x", "text": "a" * MAX_MESSAGE_BYTES})


def test_text_travels_as_utf8() -> None:
    frame = encode({"type": "x", "text": "你好 🤟"})
    assert json.loads(frame[4:].decode("utf-8"))["text"] == "你好 🤟"
