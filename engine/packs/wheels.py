"""Wheels in a folder: which of them meet pinned requirements, and how much they hold."""

from __future__ import annotations

import contextlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .failures import UNTOUCHED, Failure

_REQUIREMENT = re.compile(r"^([A-Za-z][\w.-]*)==([^\s;\\]+)([^\\\n]*)", re.MULTILINE)


def pinned(texts: Iterable[str]) -> list[str]:
    """The requirements of such files, without hashes and without the label of one index's build."""
    found = (match for text in texts for match in _REQUIREMENT.finditer(text))
    return [f"{m[1]}=={m[2].partition('+')[0]}{m[3]}".strip() for m in found]


def unpacked_size(folder: Path, requirements: Sequence[str]) -> int:
    """Bytes of the wheels in a folder that meet pinned requirements, unpacked. Raises `Failure` for a damaged one."""
    if not folder.is_dir():
        raise Failure("no_folder", f"There is no folder {folder}.", "Choose the folder that holds the wheels.")
    return sum(_unpacked(path) for path in wheels_for(folder, requirements))


def wheels_for(folder: Path, requirements: Sequence[str]) -> Iterator[Path]:
    """Wheels in a folder that have a name and version of these."""
    wanted = {_wheel_key(m[1], m[2]) for line in requirements if (m := _REQUIREMENT.match(line))}
    for path in sorted(folder.glob("*.whl")):
        name, version = (*path.name.split("-"), "")[:2]
        if _wheel_key(name, version.partition("+")[0]) in wanted:
            yield path


def _wheel_key(name: str, version: str) -> tuple[str, str]:
    return re.sub(r"[-_.]+", "-", name).lower(), version


def _unpacked(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as wheel:
            return sum(info.file_size for info in wheel.infolist())
    except (OSError, zipfile.BadZipFile) as e:
        raise Failure(
            "damaged_wheel", f"{path.name} is damaged: it can't be read.", f"Fetch it anew. {UNTOUCHED}"
        ) from e


def size_below(folder: Path) -> int:
    """Bytes below a folder, which may change meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - many files, often
    return total


def shown(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
