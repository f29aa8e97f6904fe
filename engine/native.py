"""Where compiled packages come from: the extension's folder for the running Python, and the pack that the user added.

A pack is a folder of the user's with PyTorch for one Python; the add-on names it in `SIGNWRIGHT_PACK`. It goes first,
so that its own ONNX Runtime takes the place of the one in the zip. A pack that can't be used is left aside, and `note`
says why.

`python -m engine.native FOLDER` tries a pack out and tells what is in it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import sys
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, Final

RUNTIME: Final = Path(__file__).absolute().parents[1] / "runtime"
PACK_VARIABLE: Final = "SIGNWRIGHT_PACK"
PACK_FILE: Final = "pack.json"
"""What a pack says of itself: name, label, python (tag), versions (of its packages), bytes."""
CHECKED_FILE: Final = "checked.json"
"""On which Python and system PyTorch of this pack was last seen to load."""
TAG: Final = "cp{}{}".format(*sys.version_info[:2])
_PROBE: Final = "onnxruntime/capi/onnxruntime_pybind11_state"
_AGAIN: Final = "Remove the pack and install it again in the preferences; until then ONNX Runtime on the CPU serves."


@dataclass
class _State:
    pack: Path | None = None
    note: str = ""


_state = _State()


class PackError(Exception):
    """A pack that can't be used here; the message says why."""


def add_packages(pack: str | None = None, runtime: Path = RUNTIME) -> None:
    """Put the folders of compiled packages on the module path. Call it once, before any of them is imported.

    pack: folder of the user's pack; by default the one that the environment names. PyTorch is loaded only where
    it hasn't been seen to load before.
    """
    folder = runtime / TAG
    if any((folder / f"{_PROBE}{suffix}").is_file() for suffix in EXTENSION_SUFFIXES):
        _add(folder)
    elif runtime.is_dir():
        _state.note = (
            f"This Signwright brings no ONNX Runtime for Python {platform.python_version()} on {platform.system()} "
            f"{platform.machine()}: the neural method needs another zip, or a Python that has `onnxruntime` installed."
        )
    wanted = os.environ.get(PACK_VARIABLE, "") if pack is None else pack
    if wanted:
        _use_pack(Path(wanted))


def note() -> str:
    """Why something that should be here can't be used; empty when all is well."""
    return _state.note


def pack() -> Path | None:
    """The pack in use."""
    return _state.pack


def drop_pack(reason: str) -> None:
    """Go on without the pack, because PyTorch in it doesn't load."""
    if _state.pack is None:
        return
    from . import devices

    (_state.pack / CHECKED_FILE).unlink(missing_ok=True)
    sys.path.remove(str(_state.pack))
    for name in [n for n in sys.modules if n.partition(".")[0] == "torch"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    devices.forget()
    _state.note = f"PyTorch of the pack {_state.pack.name} can't be used: {reason.rstrip('.')}. {_AGAIN}"
    _state.pack = None


def try_pack(folder: Path) -> dict[str, Any]:
    """Load PyTorch from a pack, in a process that ends afterwards, and note that it does load.

    Returns `torch`, its version, and `cuda`, the CUDA version that it was built for or an empty string.
    Raises `PackError`.
    """
    _read_pack(folder)
    _add(folder)
    found = _loaded(folder)
    _mark(folder)
    return found


def _use_pack(folder: Path) -> None:
    try:
        _read_pack(folder)
    except PackError as e:
        _state.note = f"{e} {_AGAIN}"
        return
    _add(folder)
    _state.pack = folder
    if _checked(folder) == _here():
        return
    try:
        _loaded(folder)
    except PackError as e:
        drop_pack(str(e))
    else:
        _mark(folder)


def _read_pack(folder: Path) -> dict[str, Any]:
    """What the pack says of itself. Raises `PackError` unless it was made for this Python."""
    try:
        said = json.loads((folder / PACK_FILE).read_text("utf-8"))
        python = str(said["python"])
    except OSError as e:
        raise PackError(f"The pack {folder.name} isn't there or is damaged: {e.strerror or e}.") from e
    except (ValueError, KeyError, TypeError) as e:
        raise PackError(f"The pack {folder.name} is damaged: its {PACK_FILE} can't be read.") from e
    if python != TAG:
        made, here = (f"{tag[2:3]}.{tag[3:]}" for tag in (python, TAG))
        raise PackError(f"The pack {folder.name} was made for Python {made}, and the engine runs on {here}.")
    return said


def _loaded(folder: Path) -> dict[str, Any]:
    try:
        torch = importlib.import_module("torch")
        torch.zeros(1).add_(1)
    except Exception as e:  # a broken library raises whatever it likes
        raise PackError(f"{type(e).__name__}: {str(e).strip().partition(chr(10))[0][:300]}") from e
    if not Path(torch.__file__ or "").is_relative_to(folder):
        raise PackError("it has no PyTorch of its own")
    return {"torch": str(torch.__version__), "cuda": str(torch.version.cuda or "")}


def _add(folder: Path) -> None:
    """Right after the folder of the engine itself, which comes first where it is on the path."""
    own = str(RUNTIME.parent)
    sys.path.insert(sys.path.index(own) + 1 if own in sys.path else 0, str(folder))
    importlib.invalidate_caches()


def _here() -> list[str]:
    return [sys.version, platform.platform()]


def _checked(folder: Path) -> Any:
    try:
        return json.loads((folder / CHECKED_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _mark(folder: Path) -> None:
    try:
        (folder / CHECKED_FILE).write_text(json.dumps(_here()), "utf-8")
    except OSError:
        return  # a folder that can't be written: it is tried out again next time


def main(arguments: list[str]) -> int:
    """Try out the pack in a folder, or with `--cuda 13.0` whether there is a card for it.

    0 and a line of JSON; or 1 and the reason on standard error.
    """
    try:
        print(json.dumps(_cards(arguments[1]) if arguments[0] == "--cuda" else try_pack(Path(arguments[0]).absolute())))
    except PackError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


def _cards(cuda: str) -> list[str]:
    from . import devices

    major, minor = map(int, cuda.split("."))
    found = devices.cards_for((major, minor))
    if not found.cards:
        raise PackError(found.problem or "There is no NVIDIA card in this computer.")
    return [card.name for card in found.cards]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
