"""The types that cross the border between engine and Blender: poses, segments, takes.

On disk a take is an AMASS-style SMPL-X `.npz` that other tools read too, with one extra member
(`signwright`, a JSON text) for what those tools don't have.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .npz import Npz, NpzError, number
from .rotations import axis_angle_from_quaternion, continuous, mirror_poses, quaternion_from_axis_angle, slerp
from .skeleton import EXPRESSION_NAMES, JOINT_COUNT, POSE_SIZE

Origin = Literal["dictionary", "fingerspelled", "number", "generated", "imported", "user", "pause"]
"""Where a segment's motion came from."""

MAX_FILE_BYTES = 1 << 30
_META_KEY = "signwright"
_FORMAT = 1
_RATES = ("mocap_frame_rate", "mocap_framerate", "fps")


class TakeError(ValueError):
    """A take file that can't be used; the message says what is wrong and where."""


@dataclass(frozen=True)
class PoseSequence:
    """Motion of one signer in SMPL-X form.

    poses: (T, 165) axis-angle, radians, joints in `skeleton.JOINT_NAMES` order.
    trans: (T, 3) translation of the pelvis in metres.
    expression: (T, E) weights of the face units in `expression_names`.
    fps: frames per second of these arrays.
    """

    poses: NDArray[np.float32]
    trans: NDArray[np.float32]
    expression: NDArray[np.float32]
    fps: float
    expression_names: tuple[str, ...] = EXPRESSION_NAMES

    def __post_init__(self) -> None:
        for name in ("poses", "trans", "expression"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float32))
        t = len(self.poses)
        wanted = {"poses": (t, POSE_SIZE), "trans": (t, 3), "expression": (t, len(self.expression_names))}
        for name, shape in wanted.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise TakeError(f"{name} has shape {array.shape}, expected {shape}.")
            if not np.isfinite(array).all():
                raise TakeError(f"{name} holds values that are not finite numbers.")
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise TakeError(f"The frame rate must be positive, not {self.fps}.")

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def duration(self) -> float:
        """Seconds from the first to the last frame."""
        return max(len(self) - 1, 0) / self.fps

    def resampled(self, fps: float) -> PoseSequence:
        """The same motion at another frame rate: by time, slerp for joints, linear for the rest.

        It ends on a whole frame, so that it gets longer or shorter by up to half a frame.
        """
        if fps == self.fps or len(self) < 2:
            return dataclasses.replace(self, fps=fps)
        count = max(round(self.duration * fps) + 1, 2)
        at = np.linspace(0.0, len(self) - 1, count)
        low = np.minimum(at.astype(int), len(self) - 2)
        t = at - low
        q = continuous(quaternion_from_axis_angle(self.poses.reshape(-1, JOINT_COUNT, 3)))
        poses = axis_angle_from_quaternion(slerp(q[low], q[low + 1], np.broadcast_to(t[:, None], (count, JOINT_COUNT))))

        def lerp(a: NDArray[np.float32]) -> NDArray[np.floating]:
            return a[low] + (a[low + 1] - a[low]) * t[:, None]

        return dataclasses.replace(
            self,
            poses=poses.reshape(count, POSE_SIZE),
            trans=lerp(self.trans),
            expression=lerp(self.expression),
            fps=fps,
        )

    def mirrored(self) -> PoseSequence:
        """The left-handed signer: sides swapped, root and translation mirrored, face units kept."""
        flip = np.array([-1.0, 1.0, 1.0])
        return dataclasses.replace(self, poses=mirror_poses(self.poses), trans=self.trans * flip)


@dataclass(frozen=True)
class Segment:
    """One sign of a take: what it is, when it is, and where it came from."""

    gloss: str
    start: float
    """Seconds from the take's first frame."""
    end: float
    origin: Origin
    text_span: tuple[int, int] = (0, 0)
    """Characters of the take's text that it stands for; (0, 0) when none do."""
    source: str = ""
    """Dictionary entry or model that it came from, like `asl/HELLO`."""
    author: str = ""
    licence: str = ""
    reviewed_by: str = ""
    """Fluent signer who checked the sign; empty when nobody has."""
    fit_residual: float | None = None
    """How far motion that was fitted to keypoints misses them, in percent of the palm."""


@dataclass(frozen=True)
class Take:
    """A generated or imported performance with all that is known about its making."""

    name: str
    text: str
    language: str
    method: str
    sequence: PoseSequence
    segments: tuple[Segment, ...] = ()
    seed: int = 0
    warnings: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    engine_version: str = ""
    created: str = ""
    """ISO 8601 time in UTC."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an `.npz`; beside and renamed, so that no reader sees half a file."""
        path = Path(path)
        partial = path.with_name(path.name + ".part")
        try:
            partial.write_bytes(self.to_bytes())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def to_bytes(self) -> bytes:
        """The content of the `.npz` that `save` writes."""
        s = self.sequence
        meta = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("sequence", "segments")
        }
        meta["segments"] = [dataclasses.asdict(x) for x in self.segments]
        meta["format"] = _FORMAT
        arrays: dict[str, Any] = {
            "poses": s.poses,
            "trans": s.trans,
            "betas": np.zeros(10, np.float32),
            "expression": s.expression,
            "expression_names": np.array(s.expression_names),
            "gender": np.array("neutral"),
            "mocap_frame_rate": np.array(s.fps),
            _META_KEY: np.array(json.dumps(meta, ensure_ascii=False)),
        }
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Take:
        """Read a take or any AMASS-style SMPL-X `.npz`. Raises `TakeError` on anything else."""
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as e:
            raise TakeError(f"{path.name} can't be read: {e.strerror or e}.") from e
        return cls.from_bytes(data, path.name)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "take.npz") -> Take:
        """Read the content of an `.npz`, as `load` does; `name` is for messages and for foreign files."""
        try:
            with Npz(io.BytesIO(data), MAX_FILE_BYTES) as file:
                return _take_from_arrays(file.arrays(("poses", "trans", *_RATES)), Path(name))
        except TakeError:
            raise
        except (NpzError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise TakeError(f"{name} is not a take: {e}") from e


def _take_from_arrays(data: dict[str, NDArray[Any]], path: Path) -> Take:
    if "poses" not in data:
        raise TakeError(f"{path.name} has no array 'poses'; its arrays are: {', '.join(sorted(data)) or 'none'}.")
    poses = data["poses"]
    if poses.ndim != 2 or poses.shape[1] != POSE_SIZE:
        raise TakeError(f"poses in {path.name} has shape {poses.shape}, expected (frames, {POSE_SIZE}).")
    rate = next((number(data[k]) for k in _RATES if k in data), None)
    if rate is None:
        raise TakeError(f"{path.name} doesn't say its frame rate (mocap_frame_rate, mocap_framerate or fps).")
    names = tuple(str(n) for n in data["expression_names"]) if "expression_names" in data else ()
    expression = data["expression"] if names else np.zeros((len(poses), len(EXPRESSION_NAMES)), np.float32)
    sequence = PoseSequence(
        poses=poses,
        trans=data.get("trans", np.zeros((len(poses), 3))),
        expression=expression,
        expression_names=names or EXPRESSION_NAMES,
        fps=rate,
    )
    if _META_KEY not in data:
        return Take(name=path.stem, text="", language="", method="imported", sequence=sequence)
    meta = json.loads(str(data[_META_KEY]))
    if meta.pop("format", None) != _FORMAT:
        raise TakeError(f"{path.name} was written by another version of Signwright.")
    segments = tuple(Segment(**{**s, "text_span": tuple(s["text_span"])}) for s in meta.pop("segments"))
    meta["warnings"] = tuple(meta["warnings"])
    return Take(sequence=sequence, segments=segments, **meta)
