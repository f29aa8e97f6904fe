"""Motion of other skeletons comes over to SMPL-X as it was."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from humanoids import arms_down, export, known_motion, make_mixamo, mixamo_name, use_importers, world_rotations
from signwright.addon.reports import UserError
from signwright.addon.retarget.motion import import_motion
from signwright.engine.rotations import angle_between, quaternion_from_matrix
from signwright.engine.skeleton import JOINT_NAMES

FRAMES = 60
HAS = [j for j, name in enumerate(JOINT_NAMES) if mixamo_name(name) and not name.endswith("foot")]


@pytest.fixture(autouse=True)
def importers(empty_scene: None) -> None:
    use_importers()


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T, J) angles between the world rotations of two motions."""
    qa, qb = (quaternion_from_matrix(world_rotations(x)[:, HAS]) for x in (a, b))
    return np.degrees(angle_between(qa, qb))


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh"])
@pytest.mark.parametrize("rest", [0.0, 45.0], ids=["T-pose", "A-pose"])
def test_motion_of_a_mixamo_skeleton_comes_over(tmp_path: Path, suffix: str, rest: float) -> None:
    truth = known_motion(FRAMES)
    rig = make_mixamo(truth, arms_down(rest), t_pose_frame=False)
    path = export(rig, tmp_path / f"HELLO{suffix}", FRAMES)
    imported = import_motion(path).sequence
    assert imported.fps == 60.0
    assert len(imported) == FRAMES
    assert degrees_apart(truth, imported.poses).max() < 0.5


@pytest.mark.parametrize("suffix", [".fbx", ".bvh"])
def test_a_t_pose_before_the_motion_is_the_reference_and_left_out(tmp_path: Path, suffix: str) -> None:
    truth = known_motion(FRAMES)
    rest = known_motion(2, seed=5)[1] + arms_down(70.0)
    rig = make_mixamo(truth, rest, t_pose_frame=True)
    imported = import_motion(export(rig, tmp_path / f"HELLO{suffix}", FRAMES + 1))
    assert len(imported.sequence) == FRAMES
    assert degrees_apart(truth, imported.sequence.poses).max() < 0.5
    assert "T-pose" in imported.notes[0]


def test_importing_leaves_the_users_file_as_it_was(tmp_path: Path) -> None:
    rig = make_mixamo(known_motion(4), arms_down(0.0), t_pose_frame=False)
    path = export(rig, tmp_path / "HELLO.fbx", 4)
    scene, frame = bpy.context.scene, bpy.context.scene.frame_current
    before = {
        c: [b.name for b in getattr(bpy.data, c)] for c in ("objects", "armatures", "actions", "scenes", "meshes")
    }
    import_motion(path)
    assert before == {c: [b.name for b in getattr(bpy.data, c)] for c in before}
    assert bpy.context.scene == scene
    assert scene.frame_current == frame
    assert bpy.context.view_layer.objects.active == rig


def test_a_file_without_a_skeleton_is_told(tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    path = tmp_path / "cube.glb"
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLB")
    with pytest.raises(UserError, match="no skeleton"):
        import_motion(path)


@pytest.mark.parametrize("name", ["junk.fbx", "junk.bvh", "junk.glb"])
def test_a_damaged_file_is_told_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this is no motion" * 100)
    scenes = len(bpy.data.scenes)
    with pytest.raises(UserError, match="junk"):
        import_motion(path)
    assert len(bpy.data.scenes) == scenes


def test_a_skeleton_that_is_no_humanoid_is_told_with_its_bones(tmp_path: Path) -> None:
    rig = make_mixamo(known_motion(3), arms_down(0.0), t_pose_frame=False)
    for bone in rig.data.bones:
        if "Hand" in bone.name:
            bone.name = bone.name.replace("Hand", "Paw")
    path = export(rig, tmp_path / "cat.glb", 3)
    with pytest.raises(UserError, match="left hand and the right hand"):
        import_motion(path)
