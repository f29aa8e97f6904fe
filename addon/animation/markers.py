"""Timeline markers for the signs of a take.

Markers can't carry data of their own in every supported version, so the action lists those that were made for it.
"""

from __future__ import annotations

import json

import bpy

from ...engine.take import Take

_MARKERS_KEY = "signwright_markers"


def frame_of(seconds: float, start_frame: int, fps: float) -> int:
    """Scene frame at `seconds` after a take's first frame."""
    return start_frame + round(seconds * fps)


def add_markers(scene: bpy.types.Scene, action: bpy.types.Action, take: Take, start_frame: int, fps: float) -> None:
    """One marker per sign, named by its gloss; pauses get none."""
    made = []
    for segment in take.segments:
        if segment.origin == "pause":
            continue
        marker = scene.timeline_markers.new(segment.gloss, frame=frame_of(segment.start, start_frame, fps))
        marker.select = False  # selected ones are those that the user means
        made.append((marker.name, marker.frame))
    action[_MARKERS_KEY] = json.dumps(made)


def remove_markers(scene: bpy.types.Scene, action: bpy.types.Action) -> int:
    """Remove the markers made for an action and say how many; markers that the user moved or renamed stay."""
    made = [(name, frame) for name, frame in json.loads(action.get(_MARKERS_KEY, "[]"))]
    removed = 0
    for marker in list(scene.timeline_markers):
        if (marker.name, marker.frame) in made:
            made.remove((marker.name, marker.frame))
            scene.timeline_markers.remove(marker)
            removed += 1
    action[_MARKERS_KEY] = "[]"
    return removed
