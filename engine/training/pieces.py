"""The text's vocabulary: a sentencepiece model trained on the corpus's own texts."""

# pyright: reportMissingImports=false
from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_LONGEST_SENTENCE: Final = 1 << 14


def train_pieces(texts: Iterable[str], pieces: int, path: Path, *, normalise: bool = True, letters: str = "") -> None:
    """Write a unigram model of about that many pieces; a letter that it lacks falls back to its bytes.

    normalise: whether the model does so with what it is given; its table for that has 240 kB, which a model needs not
    carry whose texts are normalised before. letters: characters that are pieces in any case. The same texts give the
    same model. Raises `ValueError` when there are too few texts for any.
    """
    import sentencepiece

    lines = sorted({text.strip() for text in texts} - {""})
    if not lines:
        raise ValueError("The corpus has no texts, so there is nothing to make a vocabulary from.")
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=made,
        model_type="unigram",
        vocab_size=pieces,
        hard_vocab_limit=False,
        byte_fallback=True,
        character_coverage=0.9995,
        required_chars=letters,
        normalization_rule_name="nmt_nfkc" if normalise else "identity",
        max_sentence_length=_LONGEST_SENTENCE,
        num_threads=1,
        minloglevel=2,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made.getvalue())


def load_pieces(path: Path) -> Any:
    """A sentencepiece model."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(path))
