"""The vocabulary of a bundle, read from its files."""
# pyright: reportMissingImports=false

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ..bundle import Bundle, BundleError
from ..npz import Npz, NpzError
from .vocabulary import Vocabulary

PIECES: Final = "sentencepiece.model"
WORDS: Final = "words.npz"
_MAX_WORDS_BYTES: Final = 64 << 20


def read_vocabulary(bundle: Bundle) -> Vocabulary:
    """The vocabulary of a bundle with a generator. Raises `BundleError`."""
    settings = bundle.manifest.model.get("generator")
    if settings is None:
        raise BundleError(f"{bundle.folder.name} has no generator, only a tokenizer.")
    try:
        with Npz(bundle.file(WORDS), _MAX_WORDS_BYTES) as table:
            words = dict(zip(table.read("tokens").tolist(), table.read("rows").tolist(), strict=True))
        return Vocabulary.of(open_pieces(bundle.file(PIECES)), words, settings)
    except (NpzError, KeyError, TypeError, ValueError) as e:
        raise BundleError(f"The vocabulary of {bundle.folder.name} can't be read: {e}") from e


def open_pieces(path: Path) -> Any:
    """A sentencepiece model. Raises `BundleError`."""
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor()
    try:
        pieces.LoadFromSerializedProto(path.read_bytes())
    except (OSError, RuntimeError) as e:
        raise BundleError(f"{path.name} in {path.parent.name} can't be read: {e}") from e
    return pieces
