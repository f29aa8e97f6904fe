"""Messages between Blender and the engine: length-framed JSON over pipes.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON holding one object.
Arrays never travel in messages, only paths of `.npz` files.

Requests carry `id` (int) and `type`; every answer repeats the `id`.

request: its fields; what the final answer, `result` unless another is named, holds

- `hello`: protocol, language (to load in advance, optional), models (the user's folder of them, optional);
  `hello`: version, protocol, methods, languages, bundles, devices, runtime
- `bundles`: models; bundles, devices, runtime as they are now
- `generate`: fields of `GenerateRequest`, output; path, seconds, warnings, name, frames, fps, glosses, gloss_line,
  runtime, variations (of each its path, name, seed, frames, fps, score)
- `keywords`: fields of `generate` without output; bundle, keywords, others, warnings: what a model is given as examples
- `regenerate`: take, output, start, end, parts, locks, length, blend, and of `generate` text, language, seed,
  variations, name, models, dictionary, options; as `generate`, and seams, locked, also of each variation
- `caption`: take, start, end, language, models, options; text, language, score, warnings
- `plan`: text, language, dictionary, word_order, gloss; gloss_line, items, warnings
- `signs`: language, dictionary, query, own, offset, limit; total, signs, problems
- `sign_add`: language, dictionary, gloss, words, motion, start, end, mirror, trim, replace and metadata; sign, warnings
- `sign_edit`: language, dictionary, gloss, changes, copy (an embedded sign first); sign
- `signs_remove`: language, dictionary, glosses; removed
- `signs_import`: language, dictionary, paths, duplicates, words, mirror, trim, metadata;
  added, replaced, skipped, warnings
- `signs_export`: language, dictionary, glosses, output; path, count
- `takes_import`: paths, output, language, fps, lines, counter; as `generate`, and skipped: a take for each motion
- `take_export`: take, format, output, fps, scale, counter, body_model, betas, camera;
  path, files, frames, fps, warnings. camera: matrix (4, 4) from SMPL-X's axes with the resting pelvis as origin to
  OpenGL's clip space, width, height; one in front of the signer without it
- `cancel`: target (id of a request); nothing, but the target answers `error` with code `cancelled`
- `bye`: `bye`, then the process ends

While a request is worked on, `progress` tells stage and fraction.
`error`: code, message, hint, fix (one of `FIXES` or empty).
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

PROTOCOL: Final = 1
MAX_MESSAGE_BYTES: Final = 16 << 20
_LENGTH: Final = struct.Struct(">I")

FIXES: Final = (
    "",
    "edit_text",
    "choose_language",
    "choose_method",
    "choose_folder",
    "load_body",
    "open_dictionary",
    "open_models",
    "choose_bundle",
    "restart_engine",
    "open_log",
)
"""Fixes that the add-on can offer as a button."""

Message = dict[str, Any]


class ProtocolError(ValueError):
    """Bytes on the pipe that are no message."""


def encode(message: Message) -> bytes:
    """One message as a frame. Raises `ProtocolError` when it is too large."""
    # ASCII with escapes: a file name may hold what UTF-8 can't (lone surrogates), and comes through so
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"A message of {len(body)} bytes is over the limit of {MAX_MESSAGE_BYTES}.")
    return _LENGTH.pack(len(body)) + body


class Decoder:
    """Collects bytes as they come and hands out whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`. Raises `ProtocolError` on anything that is no message."""
        self._buffer += data
        messages: list[Message] = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > MAX_MESSAGE_BYTES:
            raise ProtocolError(f"A frame claims {size} bytes: something other than the engine wrote to the pipe.")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        try:
            message = json.loads(body)
        except ValueError as e:
            raise ProtocolError(f"A frame is not JSON: {e}") from e
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ProtocolError("A frame is not an object with a type.")
        return message
