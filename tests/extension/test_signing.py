"""The extension's own operators, end to end: text, take, keyframes, studio, picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HANDS = ("left_wrist", "right_wrist", "right_index3", "left_pinky3")


def test_the_rigs_hands_go_where_the_take_says(blender: Any, installed: Path) -> None:
    """Evaluated bone heads against forward kinematics of the take by the engine's own body model."""
    answer = blender(
        installed,
        f"""
        def main():
            import numpy as np
            ops = enable()
            scene = bpy.context.scene
            scene.render.fps = 24
            ops.add_avatar()
            ops.generate(text="Nice to meet you.", apply=False)
            ops.apply_take(tolerance=0.0)
            path = os.path.join(bpy.app.tempdir, "take.npz")
            ops.export_take(filepath=path)
            take = extension("engine.take").Take.load(path)
            skeleton, rotations = extension("engine.skeleton"), extension("engine.rotations")
            rig = next(o for o in scene.objects if o.type == "ARMATURE")
            rest = np.array([rig.data.bones[skeleton.bone_name(n)].head_local for n in skeleton.JOINT_NAMES])
            sequence = take.sequence
            errors, travel = [], []
            for frame in range(0, len(sequence), max(1, len(sequence) // 10)):
                scene.frame_set(scene.frame_start + frame)
                evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
                wanted = forward(sequence.poses[frame], rest, skeleton, rotations)
                got = np.array([evaluated.pose.bones[skeleton.bone_name(n)].head for n in skeleton.JOINT_NAMES])
                got, wanted = got - got[0], wanted - wanted[0]
                hands = [skeleton.JOINT_NAMES.index(n) for n in {HANDS!r}]
                errors.append(float(np.abs(got - wanted)[hands].max()))
                travel.append(got[hands])
            reach = float(np.ptp(np.array(travel), axis=0).max())
            return {{"error": max(errors), "travel": reach, "fps": scene.render.fps}}

        def forward(pose, rest, skeleton, rotations):
            # SMPL-X has y up; the armature stands along z
            import numpy as np
            up = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
            local = rotations.matrix_from_axis_angle(pose.reshape(-1, 3).astype(float))
            places = rest @ up
            world, turned = np.zeros_like(places), [None] * len(places)
            for j, parent in enumerate(skeleton.PARENTS):
                turned[j] = local[j] if parent < 0 else turned[parent] @ local[j]
                world[j] = places[j] if parent < 0 else world[parent] + turned[parent] @ (places[j] - places[parent])
            return world @ up.T
        """,
    )
    assert answer["error"] < 1e-4
    assert answer["travel"] > 0.1
    assert answer["fps"] == 24


def test_a_whole_scene_renders_a_video_with_the_signer_in_it(blender: Any, installed: Path, tmp_path: Path) -> None:
    out = tmp_path / "salida ñ 手話"
    out.mkdir()
    answer = blender(
        installed,
        f"""
        def main():
            ops = enable()
            scene = bpy.context.scene
            scene.render.fps, scene.frame_start, scene.frame_end = 24, 1, 1
            ops.add_avatar()
            ops.generate(text="Hello.")
            ops.build_studio()
            ops.frame_camera()
            scene.frame_end = scene.frame_start + 3
            ops.render(filepath={str(out / "hello.mp4")!r}, preset="PREVIEW")
            clip = bpy.data.movieclips.load({str(out / "hello.mp4")!r})
            return {{"size": list(clip.size), "frames": clip.frame_duration, "fps": clip.fps}}
        """,
    )
    assert answer == {"size": [960, 540], "frames": 4, "fps": 24}


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_text_is_refused_with_words_and_changes_nothing(blender: Any, installed: Path, text: str) -> None:
    answer = blender(
        installed,
        f"""
        def main():
            ops = enable()
            try:
                ops.generate(text={text!r})
            except RuntimeError as e:
                return [str(e), len(bpy.context.scene.signwright.timeline.takes)]
        """,
    )
    assert "no text" in answer[0]
    assert answer[1] == 0


def test_after_a_killed_engine_the_next_generate_works(blender: Any, installed: Path) -> None:
    takes = blender(
        installed,
        """
        def main():
            import signal
            ops = enable()
            ops.generate(text="Hello.", apply=False)
            os.kill(extension("addon.pump").session().pid, signal.SIGTERM)
            try:
                ops.generate(text="Good.", apply=False)
            except RuntimeError:
                ops.generate(text="Good.", apply=False)
            return [t.text for t in bpy.context.scene.signwright.timeline.takes]
        """,
    )
    assert takes == ["Hello.", "Good."]


def test_a_saved_file_opens_with_its_takes_and_motion(blender: Any, installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "mi señal.blend"
    script = f"""
    def main():
        ops = enable()
        ops.add_avatar()
        ops.generate(text="My name is Anna.")
        bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})
        return wrist()
    """
    measure = """
    def wrist():
        scene = bpy.context.scene
        scene.frame_set(30)
        rig = next(o for o in scene.objects if o.type == "ARMATURE")
        return list(rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["right_wrist"].head)
    """
    reopen = f"""
    def main():
        enable()
        bpy.ops.wm.open_mainfile(filepath={str(path)!r})
        return [wrist(), len(bpy.context.scene.signwright.timeline.takes)]
    """
    before = blender(installed, _joined(measure, script))
    after, takes = blender(installed, _joined(measure, reopen))
    assert after == pytest.approx(before, abs=1e-5)
    assert takes == 1


def _joined(*scripts: str) -> str:
    import textwrap

    return "\n".join(textwrap.dedent(s) for s in scripts)
