"""What an evaluation of SignLLM compares: trained models, and what any of them must be better than. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..formats.skels import VALUES
from ..signllm.free_running import ended
from ..signllm.model_files import ABOUT
from ..signllm.torch_files import Trained, load
from .signllm_data import SkelsClip
from .signllm_gloss import glosses_of
from .signllm_pose import generated

Array = NDArray[np.floating]

_TOGETHER: Final = 16
_BEAMS: Final = 4


@dataclass(frozen=True)
class Asked:
    """A clip to be signed. points: (T, 150) of the recording at the evaluation's frame rate. glosses: its LangGloss."""

    clip: SkelsClip
    points: Array
    glosses: tuple[str, ...]


@dataclass(frozen=True)
class Produced:
    """points: (T, 150) in the files' unit. ended: whether its end was said, not a limit reached. glosses: LangGloss
    that the first step of Prompt2LangGloss made."""

    points: Array
    ended: bool = True
    glosses: tuple[str, ...] | None = None


class Producer(Protocol):
    """A method. languages: that it has, all when `None`. about: how it was trained, empty when it wasn't."""

    name: str
    languages: tuple[str, ...] | None
    about: Mapping[str, Any]

    def produce(self, asked: Sequence[Asked], language: str) -> list[Produced]:
        """Motion for the texts of one language; none at all where a method can't do it."""
        ...


@dataclass
class TrainedProducer:
    """A training's folder: of Prompt2LangGloss, or of MLSF with a group a language in it.

    given: let Prompt2LangGloss sign the clips' own glosses, its second step alone.
    """

    name: str
    groups: Mapping[str, Trained]
    given: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, *, given: bool = False) -> TrainedProducer:
        """Raises `ValueError` (`ModelUnfit`) when the folder holds no trained model."""
        groups: dict[str, Trained] = {}
        for own in [folder] if (folder / ABOUT).is_file() else sorted(p.parent for p in folder.glob(f"*/{ABOUT}")):
            trained = load(own)
            groups |= dict.fromkeys(trained.text.codes, trained)
        if not groups:
            raise ValueError(f"{folder} holds no trained model of SignLLM (see `train signllm`).")
        about = next(iter(groups.values())).about
        return cls(f"{folder.name}, glosses given" if given else folder.name, groups, given, about)

    @property
    def languages(self) -> tuple[str, ...]:
        """See `Producer`."""
        return tuple(sorted(self.groups))

    @property
    def by_glosses(self) -> bool:
        """Whether it plans glosses first."""
        return any(trained.gloss is not None for trained in self.groups.values())

    @property
    def fps(self) -> float:
        """Frames a second of what it produces."""
        return next(iter(self.groups.values())).fps

    def produce(self, asked: Sequence[Asked], language: str) -> list[Produced]:
        """See `Producer`."""
        trained = self.groups[language]
        glosses = [self._glosses(trained, one, language) for one in asked]
        rows = [
            trained.text.encode(one.clip.text, language)
            if own is None or trained.glosses is None
            else trained.glosses.encode(own)
            for one, own in zip(asked, glosses, strict=True)
        ]
        result = []
        for first in range(0, len(rows), _TOGETHER):
            made = generated(trained.pose, rows[first : first + _TOGETHER])
            for frames, own in zip(made, glosses[first : first + _TOGETHER], strict=True):
                points = frames[:, :VALUES] * trained.std + trained.mean
                result.append(Produced(points, ended(frames), own))
        return result

    def _glosses(self, trained: Trained, one: Asked, language: str) -> tuple[str, ...] | None:
        if trained.gloss is None or trained.glosses is None:
            return None
        if self.given:
            return one.glosses
        return tuple(glosses_of(trained.gloss, trained.text, trained.glosses, one.clip.text, language, _BEAMS))


@dataclass(frozen=True)
class StillProducer:
    """The mean pose of the recordings asked for, held as long as the recording: who never moves errs so much."""

    name: str = "mean pose, held"
    languages: tuple[str, ...] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def produce(self, asked: Sequence[Asked], language: str) -> list[Produced]:
        """See `Producer`."""
        mean = np.mean(np.concatenate([one.points for one in asked]), axis=0)
        return [Produced(np.broadcast_to(mean, one.points.shape)) for one in asked]


@dataclass(frozen=True)
class OtherProducer:
    """The recording of another text of the language: who signs something else errs so much."""

    name: str = "recording of another text"
    languages: tuple[str, ...] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def produce(self, asked: Sequence[Asked], language: str) -> list[Produced]:
        """See `Producer`; each has that of the next one, the last that of the first. None where there is one only."""
        return [Produced(asked[(i + 1) % len(asked)].points) for i in range(len(asked))] if len(asked) > 1 else []


@dataclass(frozen=True)
class RecordingProducer:
    """The recordings themselves: as good as back-translation can get."""

    name: str = "recordings"
    languages: tuple[str, ...] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def produce(self, asked: Sequence[Asked], language: str) -> list[Produced]:
        """See `Producer`."""
        return [Produced(one.points) for one in asked]
