"""A camera that shows the whole signing space, measured on the take: hands never leave the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from .motion import BodyTrack, track_body
from .placement import signer_space

CAMERA = "Signwright camera"
_OWN_KEY = "signwright_camera"
_FOCAL_LENGTH = 65.0
"""Millimetres on 36 mm film: long enough that a hand held out does not look too large."""
_SENSOR = 36.0
_BELOW_PELVIS = 0.02
_ABOVE_CROWN = 0.11
_HAND_MARGIN = 0.05
_BESIDE_SHOULDER = 0.30
"""Metres kept free beside each shoulder: an elbow's width."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Framing:
    """What a camera shows. camera: its name. distance: metres to the signer. low, high: corners of the measured space,
    in the signer's left and up. warnings: for the user, about hands that leave the picture."""

    camera: str
    distance: float
    low: tuple[float, float]
    high: tuple[float, float]
    warnings: tuple[str, ...] = ()


def frame_camera(
    scene: bpy.types.Scene,
    rig: bpy.types.Object,
    frame_start: int,
    frame_end: int,
    aspect: float | None = None,
) -> Framing:
    """Place our camera so that everything from below the waist to above the head, an elbow's width each side, and both
    hands over the whole range are in the picture, and make it the scene's camera.

    `aspect`: width over height; the scene's when `None`. The user's own cameras stay where they are.
    """
    aspect = aspect or picture_aspect(scene)
    space = signer_space(rig)
    track = track_body(scene, rig, frame_start, frame_end)
    points = _wanted_points(track, np.linalg.inv(np.array(space)))
    half_width = 0.5 * _SENSOR / _FOCAL_LENGTH * min(aspect, 1.0)
    half_height = half_width / aspect
    low, high = points.min(axis=0), points.max(axis=0)
    centre = 0.5 * (low + high)
    distance = _distance(points, centre, half_width, half_height)
    camera = _camera(scene)
    place = space @ Vector((0.0, float(centre[1]), distance))
    toward = space.to_3x3() @ Vector((0.0, 0.0, -1.0))
    turn = toward.to_track_quat("-Z", "Y").to_matrix().to_4x4()
    camera.matrix_world = Matrix.Translation(place) @ turn
    scene.camera = camera
    bpy.context.view_layer.update()
    return Framing(
        camera=camera.name,
        distance=distance,
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
        warnings=tuple(_warnings(scene, camera, track)),
    )


def picture_aspect(scene: bpy.types.Scene) -> float:
    """Width over height of the scene's pictures."""
    r = scene.render
    return (r.resolution_x * r.pixel_aspect_x) / (r.resolution_y * r.pixel_aspect_y)


def _wanted_points(track: BodyTrack, to_signer: Array) -> Array:
    """(N, 3) points (left, up, forward) that the picture must hold, margins included."""
    hands = _transformed(np.concatenate([track.left_hand, track.right_hand], axis=1), to_signer)
    head = _transformed(track.head, to_signer)
    torso = _transformed(track.torso, to_signer)
    pelvis, shoulders = torso[:, 0], torso[:, 3:5]
    side = np.abs(shoulders[..., 0]).max() + _BESIDE_SHOULDER
    bottom, top = pelvis[:, 1].min() - _BELOW_PELVIS, head[:, 1, 1].max() + _ABOVE_CROWN
    depth = float(np.median(shoulders[..., 2]))
    box = np.array([(x, y, depth) for x in (-side, side) for y in (bottom, top)])
    margins = np.array([(dx, dy, 0.0) for dx in (-1, 1) for dy in (-1, 1)]) * _HAND_MARGIN
    moving = (hands.reshape(-1, 1, 3) + margins).reshape(-1, 3)
    return np.concatenate([box, moving])


def _transformed(points: Array, matrix: Array) -> Array:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _distance(points: Array, centre: Array, half_width: float, half_height: float) -> float:
    """Least distance of a level camera on the midline at which all points project into the picture."""
    by_width = np.abs(points[:, 0]) / half_width + points[:, 2]
    by_height = np.abs(points[:, 1] - centre[1]) / half_height + points[:, 2]
    return float(max(by_width.max(), by_height.max()))


def _camera(scene: bpy.types.Scene) -> bpy.types.Object:
    """Our camera of this scene, made when it isn't there."""
    found = next((o for o in scene.objects if o.type == "CAMERA" and _OWN_KEY in o), None)
    if found is None:
        found = bpy.data.objects.new(CAMERA, bpy.data.cameras.new(CAMERA))
        found[_OWN_KEY] = True
        scene.collection.objects.link(found)
    data: Any = found.data
    data.type = "PERSP"
    data.sensor_fit = "AUTO"
    data.sensor_width, data.lens = _SENSOR, _FOCAL_LENGTH
    data.shift_x = data.shift_y = 0.0
    data.clip_start, data.clip_end = 0.1, 100.0
    data.dof.use_dof = False
    return found


def camera_warnings(scene: bpy.types.Scene, rig: bpy.types.Object, frame_start: int, frame_end: int) -> list[str]:
    """What the scene's present camera, whoever placed it, misses of the signing; empty when it shows all."""
    if scene.camera is None:
        return ["The scene has no camera."]
    return _warnings(scene, scene.camera, track_body(scene, rig, frame_start, frame_end))


def _warnings(scene: bpy.types.Scene, camera: bpy.types.Object, track: BodyTrack) -> list[str]:
    found = []
    for label, points in (("left hand", track.left_hand), ("right hand", track.right_hand), ("head", track.head)):
        outside = ~picture_contains(scene, camera, points).all(axis=1)
        if outside.any():
            found.append(f"The {label} leaves the picture {_spans(track.frames[outside], track.frames)}.")
    return found


def picture_contains(scene: bpy.types.Scene, camera: bpy.types.Object, points: Array) -> NDArray[np.bool_]:
    """Whether world points (..., 3) are in the picture of a camera that keeps still."""
    places, is_before = picture_places(scene, camera, points)
    return is_before & (np.abs(places) <= 1.0).all(axis=-1)


def picture_places(scene: bpy.types.Scene, camera: bpy.types.Object, points: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Places (..., 2) of world points (..., 3) in the picture, from -1 at left and bottom to 1, and whether they lie
    before the camera at all."""
    r = scene.render
    projection = camera.calc_matrix_camera(
        bpy.context.evaluated_depsgraph_get(),
        x=r.resolution_x,
        y=r.resolution_y,
        scale_x=r.pixel_aspect_x,
        scale_y=r.pixel_aspect_y,
    )
    matrix = np.array(projection) @ np.linalg.inv(np.array(camera.matrix_world))
    clip = points @ matrix[:, :3].T + matrix[:, 3]
    depth = clip[..., 3:]
    return clip[..., :2] / np.where(np.abs(depth) < 1e-9, 1e-9, depth), depth[..., 0] > 0.0


def _spans(frames: NDArray[np.int64], sampled: NDArray[np.int64]) -> str:
    """`on frames 12-30 and 44-50`: runs of neighbouring sampled frames, three at most."""
    places = np.searchsorted(sampled, frames)
    runs = np.split(frames, np.flatnonzero(np.diff(places) > 1) + 1)
    named = [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs[:3]]
    more = f" and {len(runs) - 3} more times" if len(runs) > 3 else ""
    return f"on frames {', '.join(named)}{more}"
