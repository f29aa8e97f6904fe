"""Pose files of other tools as takes, and takes as pose files: `.skels`, OpenPose folders, DWPose and SMPL-X `.npz`."""

from __future__ import annotations

from typing import Final, Literal

Format = Literal["skels", "openpose_25", "openpose_18", "dwpose"]
FORMATS: Final[tuple[Format, ...]] = ("skels", "openpose_25", "openpose_18", "dwpose")
"""What a take can be exported as."""
