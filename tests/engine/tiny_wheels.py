"""Wheels of a few bytes, for tests of installing."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

TORCH = """
import types
__version__ = {version!r}
version = types.SimpleNamespace(cuda=None)
class _Tensor:
    def add_(self, number):
        return self
def zeros(count):
    return _Tensor()
"""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str], tag: str = "py3-none-any") -> Path:
    """A wheel that pip installs."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in content.items())
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(member, text)
    return path


def write_torch(folder: Path, version: str = "2.13.0", code: str = TORCH) -> Path:
    """Something that the engine takes for PyTorch."""
    return write_wheel(folder, "torch", version, {"torch/__init__.py": code.format(version=version)})


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
