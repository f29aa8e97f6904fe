"""Renders close-ups of the embedded avatar's hand and face, and compares pictures."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector
from numpy.typing import NDArray
from signwright.addon.avatar.create import add_avatar
from signwright.addon.avatar.rig import expression_keys, face_meshes
from signwright.engine.body import EMBEDDED_AVATAR, BodyModel
from signwright.engine.lexicon.loader import load_language
from signwright.engine.lexicon.synthesis.stage import stage_for
from signwright.engine.rotations import quaternion_from_matrix
from signwright.engine.skeleton import JOINT_NAMES, bone_name

Picture = NDArray[np.float32]
"""(height, width, 3) in [0, 1]."""

SIZE = 160
HANDS = ("A", "B", "C", "D", "E", "F", "I", "K", "L", "O", "R", "S", "V", "W", "X", "Y", "5", "ILY")
FACES: dict[str, dict[str, float]] = {
    "neutral": {},
    "smile": {"smile": 1.0},
    "question": {"brows_up": 1.0, "eyes_wide": 0.6},
    "doubt": {"brows_down": 1.0, "frown": 0.7, "squint": 0.6},
    "eyes_closed": {"eyes_closed": 1.0},
    "mouth_A": {"mouth_A": 1.0},
    "mouth_O": {"mouth_O": 1.0},
    "mouth_F": {"mouth_F": 1.0},
    "tongue_out": {"mouth_A": 0.6, "tongue_out": 1.0},
}
_RIGHT_HAND = [name for name in JOINT_NAMES if name.startswith("right_") and name[-1] in "123"]


class Photographer:
    """The avatar in a T-pose before an orthographic camera, rendered by Workbench."""

    def __init__(self) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.rig = add_avatar(bpy.context)
        self.body = BodyModel.load(EMBEDDED_AVATAR)
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.camera.data.type = "ORTHO"
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera
        render = self.scene.render
        render.engine = "BLENDER_WORKBENCH"
        render.resolution_x = render.resolution_y = SIZE
        render.image_settings.file_format = "PNG"
        self.scene.view_settings.view_transform = "Standard"
        self.scene.display.render_aa = "8"
        shading = self.scene.display.shading
        shading.light, shading.color_type, shading.show_cavity = "STUDIO", "TEXTURE", True

    def hand(self, handshape: str, more: dict[str, Quaternion] | None = None) -> Picture:
        """The right hand in a handshape, from the palm and a little from the thumb's side; `more` turns bones on."""
        stage = stage_for(self.body)
        angles = stage.finger_parameters([handshape], load_language("ASL").handshapes)
        turns = quaternion_from_matrix(stage.rig.hands["right"].rotations(angles)[0])
        for name, quaternion in zip(_RIGHT_HAND, turns, strict=True):
            self.rig.pose.bones[bone_name(name)].rotation_quaternion = quaternion
        for name, quaternion in (more or {}).items():
            self.rig.pose.bones[name].rotation_quaternion @= quaternion
        knuckle = self.rig.matrix_world @ self.rig.pose.bones["right_middle1"].bone.head_local
        return self._shoot(knuckle, from_side=(-0.1, -0.45, -0.9), up=(-1.0, 0.0, 0.0), width=0.23)

    def face(self, units: dict[str, float]) -> Picture:
        """The face with some units at the given weights, a little from the side."""
        for mesh in face_meshes(self.rig):
            for unit, key in expression_keys(mesh).items():
                mesh.data.shape_keys.key_blocks[key].value = units.get(unit, 0.0)
        middle = self.rig.matrix_world @ self.rig.pose.bones["jaw"].bone.head_local + Vector((0.0, 0.0, 0.025))
        return self._shoot(middle, from_side=(-0.35, -1.0, 0.05), up=(0.0, 0.0, 1.0), width=0.26)

    def _shoot(self, target: Vector, *, from_side: tuple[float, ...], up: tuple[float, ...], width: float) -> Picture:
        near = Vector(from_side).normalized()
        right = Vector(up).cross(near).normalized()
        turn = Matrix((right, near.cross(right), near)).transposed().to_4x4()
        self.camera.matrix_world = Matrix.Translation(target + near * 2.0) @ turn
        self.camera.data.ortho_scale = width
        self.scene.frame_set(self.scene.frame_current + 1)
        path = Path(bpy.app.tempdir) / "golden.png"
        self.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        return read(path)


def read(path: Path) -> Picture:
    """A picture file's colours."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return np.ascontiguousarray(pixels.reshape(height, width, 4)[::-1, :, :3])


def write(picture: Picture, path: Path) -> None:
    """Save colours as a PNG file."""
    height, width, _ = picture.shape
    image = bpy.data.images.new("picture", width, height)
    image.colorspace_settings.name = "Non-Color"
    rgba = np.ones((height, width, 4), np.float32)
    rgba[:, :, :3] = picture[::-1]
    image.pixels.foreach_set(rgba.ravel())
    path.parent.mkdir(parents=True, exist_ok=True)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def difference(a: Picture, b: Picture) -> float:
    """How unlike two pictures are, in [0, 1]: the largest root mean square difference over fields of 20 pixels.

    Blocks of 4 pixels are averaged first: edges drawn a little differently by another Blender or driver then count
    little. Taking the worst field makes a closed eye count as much as a turned head.
    """
    if a.shape != b.shape:
        return 1.0
    squares = (_blocks(a, 4) - _blocks(b, 4)) ** 2
    return float(np.sqrt(_blocks(squares, 5).mean(2).max()))


def _blocks(picture: Picture, size: int) -> Picture:
    height, width, _ = picture.shape
    return picture.reshape(height // size, size, width // size, size, 3).mean((1, 3))
