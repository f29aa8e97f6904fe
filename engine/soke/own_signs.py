"""Signs of the user's own as codes: a bundle's tokenizer reads their motion when it is needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

import numpy as np

from ..body import EMBEDDED_AVATAR, BodyModel
from ..gloss import GlossItem, GlossPhrase, GlossPlan
from ..lexicon.loader import Lexicon
from ..lexicon.recorded import RecordedSign
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS
from .code_dictionary import CodeEntry
from .model import Model
from .motion import Array, sampled
from .residuals import lost

_KEPT: Final = 1024
_HELD: Final = 4
"""Steps for which a recording's ends are held, so that the encoder doesn't see them come from nowhere."""
_cache: OrderedDict[tuple[str, ...], CodeEntry] = OrderedDict()
_lock = threading.Lock()


class OwnSigns:
    """Codes of own signs in a model's code book. Kept until the sign's file changes."""

    def __init__(self, model: Model, lexicon: Lexicon) -> None:
        self._model, self._lexicon = model, lexicon

    def __call__(self, item: GlossItem) -> CodeEntry:
        """The entry of an item with a sign. Raises `TakeError` or `ValueError` for motion that can't be used."""
        sign = item.sign
        assert sign is not None
        file = sign.motion if isinstance(sign, RecordedSign) else Path(sign.file)
        state = file.stat() if file.is_file() else None
        stamp = f"{state.st_mtime_ns}-{state.st_size}" if state else ""
        key = (self._model.digest, sign.key, item.gloss, str(file), stamp)
        with _lock:
            if key in _cache:
                _cache.move_to_end(key)
                return _cache[key]
        made = self._recorded(sign.sequence) if isinstance(sign, RecordedSign) else self._written(item)
        codes, residual = self._coded(*made)
        entry = CodeEntry(sign.key, codes, self._lexicon.language, item.gloss, sign.words, residual)
        with _lock:
            _cache[key] = entry
            while len(_cache) > _KEPT:
                _cache.popitem(last=False)
        return entry

    def _coded(self, sequence: PoseSequence, first: int, end: int) -> tuple[dict[str, tuple[int, ...]], Array]:
        """The codes of steps `first` to `end` (exclusive) of a motion at the model's frame rate, and what they lose."""
        codes = self._model.encode(sequence)
        frames = np.arange(first * FRAMES_PER_TOKEN, end * FRAMES_PER_TOKEN)
        truth, decoded = sampled(sequence, frames), self._model.decode(codes)
        residual = lost(truth.poses, decoded.poses[frames], self._model.layout.body)
        return {part: tuple(codes[part][first:end]) for part in PARTS}, residual

    def _recorded(self, sequence: PoseSequence) -> tuple[PoseSequence, int, int]:
        """A recording with its ends held, and its own steps."""
        held = _HELD * FRAMES_PER_TOKEN
        resampled = sequence.resampled(self._model.fps)
        longer = sampled(resampled, np.arange(-held, len(resampled) + held))
        return longer, _HELD, -(-len(longer) // FRAMES_PER_TOKEN) - _HELD

    def _written(self, item: GlossItem) -> tuple[PoseSequence, int, int]:
        """The motion of the item alone and the sign's steps in it, as the bundle's own dictionary is made."""
        from ..lexicon.synthesis import synthesise

        plan = GlossPlan("", self._lexicon.language, (GlossPhrase((item,)),))
        body = BodyModel.load(EMBEDDED_AVATAR)
        sequence, segments = synthesise(plan, self._lexicon, body, fps=self._model.fps, variation=0.0)
        first, end = (round(t / self._model.step_seconds) for t in (segments[0].start, segments[0].end))
        return sequence, first, max(end, first + 1)
