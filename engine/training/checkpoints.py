"""Checkpoints of a training: tensors and plain values only, written whole or not at all."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

LATEST: Final = "latest.ckpt"
FORMAT: Final = 1


class CheckpointUnfit(ValueError):
    """A checkpoint that can't be gone on from; the message says why."""


def write_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write beside and rename, so that a training that is cut off leaves the former one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.part")
    torch.save({"format": FORMAT, **content}, beside)
    beside.replace(path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What `write_checkpoint` wrote. Raises `CheckpointUnfit`."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as e:
        raise CheckpointUnfit(f"There is no checkpoint {path}.") from e
    except Exception as e:  # torch raises whatever it meets in a foreign or damaged file
        raise CheckpointUnfit(f"{path.name} is no checkpoint of ours: {e}") from e
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointUnfit(f"{path.name} was not written by this version's training.")
    return content
