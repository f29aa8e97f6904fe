"""How exactly motion of other skeletons comes over to SMPL-X: `python tests/bench/bench_retarget.py` (needs bpy).

A known SMPL-X motion is put on an armature with Mixamo's names, bones along their children and other rolls, written by
Blender's exporters at 60 frames a second, read back and compared: the angle between each joint's rotations in the
world, in degrees, over all joints that Mixamo has but the feet.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "addon")]

FRAMES = 60
CASES = {
    "FBX, rest in T-pose": (".fbx", 0.0, False),
    "FBX, rest in A-pose": (".fbx", 45.0, False),
    "FBX, T-pose in the first frame": (".fbx", 70.0, True),
    "GLB, rest in A-pose": (".glb", 45.0, False),
    "BVH, rest in T-pose": (".bvh", 0.0, False),
    "BVH, T-pose in the first frame": (".bvh", 70.0, True),
}


def retarget_errors() -> dict[str, tuple[float, float, float]]:
    """For each case: median and largest angle in degrees, milliseconds a frame of reading and carrying over."""
    import bpy
    import conftest  # noqa: F401  (makes the package `signwright`)
    import numpy as np
    from humanoids import arms_down, export, known_motion, make_mixamo, mixamo_name, use_importers, world_rotations
    from signwright.addon.retarget.motion import import_motion
    from signwright.engine.rotations import angle_between, quaternion_from_matrix
    from signwright.engine.skeleton import JOINT_NAMES

    joints = [j for j, name in enumerate(JOINT_NAMES) if mixamo_name(name) and not name.endswith("foot")]
    results = {}
    for case, (suffix, rest, t_pose_first) in CASES.items():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        use_importers()
        truth = known_motion(FRAMES)
        rig = make_mixamo(truth, arms_down(rest), t_pose_first)
        with tempfile.TemporaryDirectory() as folder:
            path = export(rig, Path(folder) / f"SIGN{suffix}", FRAMES + t_pose_first)
            began = time.perf_counter()
            poses = import_motion(path).sequence.poses
            seconds = time.perf_counter() - began
        q = [quaternion_from_matrix(world_rotations(p)[:, joints]) for p in (truth, poses)]
        angles = np.degrees(angle_between(*q))
        results[case] = (float(np.median(angles)), float(angles.max()), 1000.0 * seconds / FRAMES)
    return results


def main() -> None:
    print(__doc__)
    for case, (median, worst, ms) in retarget_errors().items():
        print(f"{case:32} median {median:.4f}°  worst {worst:.4f}°  {ms:.1f} ms a frame")


if __name__ == "__main__":
    main()
