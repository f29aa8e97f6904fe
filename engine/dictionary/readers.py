"""Which reader a file or folder is for, told by its suffix and content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..formats import notation, spoken_to_signed
from ..formats.dwpose import is_dwpose
from ..formats.openpose import is_openpose
from ..formats.smplx_npz import Motion, read_motion
from ..generators.base import EngineError
from . import archive, library
from .containers import FolderContainer, ZipContainer
from .incoming import Incoming, Skipped

Reader = Callable[[Path], Iterator[Incoming | Skipped]]

_ANY_LANGUAGE = "ASL"
"""All languages share one table of handshapes."""
_THROUGH_BLENDER = (".fbx", ".glb", ".gltf", ".bvh")


def readers(path: Path) -> Iterator[tuple[Path, Reader | str]]:
    """The files that a path stands for, each with what reads it, or with the reason why nothing does."""
    if not path.exists():
        yield path, "There is no such file."
    elif path.is_file() and path.name == spoken_to_signed.INDEX:
        yield path.parent, _spoken_to_signed
    elif path.is_file():
        text = _notation if path.suffix.lower() == ".txt" else None
        yield path, _reader_of(path) or text or _unknown(path)
    elif (path / spoken_to_signed.INDEX).is_file():
        yield path, _spoken_to_signed
    elif is_openpose(path):
        yield path, _openpose
    elif any(path.glob("*/recorded.json")) or any(path.glob("*/*.toml")):
        yield path, _dictionary_folder
    else:
        files = [path / name for name in FolderContainer(path).names()]
        found = [(file, reader) for file in files if (reader := _reader_of(file))]
        yield from found
        if not found:
            yield path, "The folder holds nothing that can be imported."


def motion_of(path: Path) -> Motion:
    """Motion of a recording, an `.npz` of SMPL-X or DWPose or a `.pose`. Raises `EngineError`."""
    if path.suffix.lower() == ".pose":
        from ..formats.pose import read_pose_motion  # here because fitting needs the avatar and the synthesiser

        return read_pose_motion(path)
    if is_dwpose(path):
        from ..formats.motion50 import read_dwpose_motion  # for the same reason

        return read_dwpose_motion(path)
    return read_motion(path)


def _reader_of(path: Path) -> Reader | None:
    return _BY_SUFFIX.get(path.suffix.lower())


def _unknown(path: Path) -> str:
    if path.suffix.lower() in _THROUGH_BLENDER:
        return "Import it in Blender, with Signwright's Dictionary tab: it is carried over to the avatar there."
    return f"Its kind is not known; these can be imported: {', '.join(_BY_SUFFIX)}, and folders of them."


def _recording(path: Path) -> Iterator[Incoming]:
    motion = motion_of(path)
    record = {"origin": path.name, "fit_residual": motion.fit_residual}
    yield Incoming(path.name, path.stem, record, motion=motion.take.sequence, notes=motion.notes)


def _openpose(path: Path) -> Iterator[Incoming]:
    from ..formats.motion50 import read_openpose_motion

    motion = read_openpose_motion(path)
    record = {"origin": path.name, "fit_residual": motion.fit_residual}
    yield Incoming(path.name, path.name, record, motion=motion.take.sequence, notes=motion.notes)


def _skels(path: Path) -> Iterator[Incoming]:
    from ..formats.motion50 import read_skels_motions

    for clip, motion in read_skels_motions(path):
        what = f"{path.name}: {motion.take.name}"
        record = {"origin": what, "fit_residual": motion.fit_residual}
        yield Incoming(what, clip.gloss or motion.take.name, record, motion=motion.take.sequence, notes=motion.notes)


def _zip(path: Path) -> Iterator[Incoming | Skipped]:
    return archive.read_archive(ZipContainer(path))


def _dictionary_folder(path: Path) -> Iterator[Incoming | Skipped]:
    return archive.read_archive(FolderContainer(path))


def _spoken_to_signed(path: Path) -> Iterator[Incoming | Skipped]:
    folder = FolderContainer(path)
    for row in spoken_to_signed.read_index(folder):
        what = f"{path.name}, line {row.number}"
        if isinstance(row, spoken_to_signed.BadRow):
            yield Skipped(what, row.why)
            continue
        try:
            motion = motion_of(folder.path(row.path))
        except EngineError as e:
            yield Skipped(f"{what}: {row.path}", f"{e.message} {e.hint}".strip())
            continue
        record = {"words": list(row.words), "origin": f"{path.name}: {row.path}", "fit_residual": motion.fit_residual}
        yield Incoming(what, row.gloss, record, row.language, motion.take.sequence, row.start, row.end)


def _notation(path: Path) -> Iterator[Incoming]:
    signs = notation.read_notation(path, library.embedded(_ANY_LANGUAGE).handshapes)
    summary = f"{path.name}: {notation.coverage(signs)}"
    for sign in signs:
        what = f"{path.name}: {sign.gloss}"
        notes = (summary, *(f"{what}: {note}" for note in sign.notes))
        yield Incoming(what, sign.gloss, sign.record, handshapes=sign.handshapes, notes=notes)


_BY_SUFFIX: dict[str, Reader] = {".npz": _recording, ".pose": _recording, ".skels": _skels, ".zip": _zip}
_BY_SUFFIX |= dict.fromkeys(notation.SUFFIXES, _notation)
