"""Signs that were recorded, not written: motion that somebody captured or keyed, with what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .phonology import NonManual, Sign

if TYPE_CHECKING:  # takes need NumPy, and reading an index shouldn't wait for it
    from ..take import PoseSequence


@dataclass(frozen=True)
class RecordedSign:
    """One recorded dictionary entry. Fields that `Sign` has too mean the same there.

    motion: the `.npz` take of the sign alone, from its first to its last posture, without the way from and to rest; of
    a right-handed signer.
    """

    gloss: str
    language: str
    words: tuple[str, ...]
    motion: Path
    pos: str = ""
    sense: str = ""
    context: tuple[str, ...] = ()
    nonmanual: NonManual = field(default_factory=NonManual)
    """What the face does, over what the recording has; recordings of hands alone have none."""
    description: str = ""
    author: str = ""
    licence: str = ""
    reviewed_by: str = ""
    origin: str = ""
    """Where it came from: the name of an imported file or collection, or `keyframes` for the user's own."""
    fit_residual: float | None = None
    """Mean distance of the fitted from the measured joints in percent of the palm, for motion fitted to keypoints."""

    @property
    def key(self) -> str:
        """`asl/HELLO`: unique over all languages."""
        return f"{self.language.lower()}/{self.gloss}"

    @cached_property
    def sequence(self) -> PoseSequence:
        """The motion, read when first asked for. Raises `TakeError` when the file is damaged or gone."""
        from ..take import Take

        return Take.load(self.motion).sequence


Entry = Sign | RecordedSign
"""A sign of a dictionary."""
