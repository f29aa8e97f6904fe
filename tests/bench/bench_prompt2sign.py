"""The Prompt2Sign pipeline on motion that is known: our own signing, seen by a camera.

    python -m tests.bench.bench_prompt2sign

Lifting: clips with noise of 2 pixels and unsure joints are lifted by `engine.prompt2sign.lifting` (one batch) and by a
straightforward loop that does what the published pipeline does: a clip at a time, 1,000 iterations, joints summed up
bone by bone, Adam for plain descent (which diverges on some clips at the published rate). Printed: seconds a clip of
each, one thread; mean distance of the joints in space to the truth after scaling, both from the neck, with bone lengths
by the 0.8 quantile (ours) and by the median (published).

Fitting: the 50 joints of the same signing, exact and with noise of 4 mm, to SMPL-X: mean distance of the fitted joints,
mean angle to the true rotations, milliseconds a frame.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, Camera, joints50
from engine.formats.cleaning50 import Flat, bone_lengths, initialised, interpolated, normalised, pruned
from engine.formats.fit50 import fit50
from engine.formats.skeleton50 import BONES, HANDS, JOINT_COUNT, NECK, NOSE, Keypoints
from engine.generators import registry
from engine.generators.base import GenerateRequest
from engine.prompt2sign.lifting import LiftSettings, lift
from engine.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from engine.skeleton import JOINT_INDEX, LAYERS

Array = NDArray[np.floating]

TEXTS = (
    "Hello, my name is Anna.",
    "Where do you live?",
    "I want an apple.",
    "My mother works.",
    "Thank you very much.",
)
PIXELS = 2.0
_PLAIN_ITERATIONS = 1000
_PLAIN_CLIPS = 1
"""Clips that the straightforward loop is timed on; it takes long."""
_ARMS = [JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "elbow", "wrist")]
_FINGERS = [JOINT_INDEX[name] for side in ("left", "right") for name in LAYERS[f"{side}_hand"]]


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    body = BodyModel.load(EMBEDDED_AVATAR)
    takes = [registry.get("dictionary").generate(GenerateRequest(text=t), lambda stage, done: None) for t in TEXTS]
    poses = [take.sequence.poses for take in takes]
    joints = [joints50(body, p) for p in poses]
    _lifting([j * TO_PICTURE for j in joints], [_seen(j, k) for k, j in enumerate(joints)])
    _fitting(body, poses, joints)


def _seen(joints: Array, seed: int) -> Flat:
    random = np.random.default_rng(seed)
    seen = Camera().sees(joints)
    points = seen.points + random.normal(0.0, PIXELS, seen.points.shape)
    return interpolated(pruned(normalised(Keypoints(points, random.uniform(0.5, 1.0, seen.confidence.shape)))))


def _lifting(truths: Sequence[Array], clips: Sequence[Flat]) -> None:
    frames = sum(len(c.points) for c in clips)
    print(f"lifting: {len(clips)} clips, {frames} frames")
    for name, quantile in (("0.8 quantile", 0.8), ("median", 0.5)):
        settings = LiftSettings(length_quantile=quantile)
        found, seconds = _timed(lambda s=settings: lift(clips, s))
        starts = [initialised(c, quantile=quantile) for c in clips]
        body, hands = _missed([x.points for x in found], truths)
        began, _ = _missed(starts, truths)
        print(
            f"  ours, lengths by the {name}: {seconds / len(clips):.2f} s a clip, missed by {1000 * body:.0f} mm "
            f"(body), {1000 * hands:.0f} mm (hands); body at the start {1000 * began:.0f} mm"
        )
    one = clips[:_PLAIN_CLIPS]
    _, plain = _timed(lambda: [_plain(c) for c in one])
    _, ours = _timed(lambda: lift(clips, LiftSettings()))
    ratio = (plain / sum(len(c.points) for c in one)) / (ours / frames)
    print(f"  straightforward loop: {plain / len(one):.1f} s a clip; ours has {ratio:.0f} times its frames a second")


def _plain(clip: Flat) -> Array:
    """A clip, bone by bone, 1,000 iterations."""
    start = torch.from_numpy(initialised(clip, quantile=0.5).astype(np.float32))
    seen = torch.from_numpy(clip.points.astype(np.float32))
    weight = torch.from_numpy(clip.confidence.astype(np.float32))
    bones = [b for b in BONES["prompt2sign"] if b.start != NOSE]
    lengths = torch.from_numpy(bone_lengths(clip.points, clip.confidence, quantile=0.5).astype(np.float32))
    ids = {b: k for k, b in enumerate(BONES["prompt2sign"])}
    log = [lengths[ids[b]].clamp_min(1e-4).log().clone().requires_grad_() for b in bones]
    turns = [(start[:, b.end] - start[:, b.start] + 1e-6).requires_grad_() for b in bones]
    root = start[:, NECK].clone().requires_grad_()
    optimiser = torch.optim.Adam([root, *log, *turns], lr=0.02)
    points = start
    for _ in range(_PLAIN_ITERATIONS):
        optimiser.zero_grad()
        places: list[torch.Tensor] = [root] * JOINT_COUNT
        for bone, size, turn in zip(bones, log, turns, strict=True):
            places[bone.end] = places[bone.start] + size.exp() * turn / turn.norm(dim=-1, keepdim=True)
        points = torch.stack(places, dim=1)
        miss = ((points[..., :2] - seen).square().sum(-1) * weight).sum() / len(seen)
        change = (points[1:] - points[:-1]).square().sum() / len(seen)
        (miss + 0.001 * sum(s.exp() for s in log) + 0.1 * change).backward()
        optimiser.step()
    return points.detach().numpy()


def _missed(found: Sequence[Array], truths: Sequence[Array]) -> tuple[float, float]:
    """Metres that body and hands miss the truth by."""
    body, hands = [], []
    for points, truth in zip(found, truths, strict=True):
        a, b = (x - x[:, NECK : NECK + 1] for x in (points, truth))
        scale = (a[..., :2] * b[..., :2]).sum() / (a[..., :2] ** 2).sum()
        gap = np.linalg.norm(scale * a - b, axis=-1)
        body.append(gap[:, :8].mean())
        hands.append(np.concatenate([gap[:, place] for place in HANDS.values()]).mean())
    return float(np.mean(body)), float(np.mean(hands))


def _fitting(body: BodyModel, poses: Sequence[Array], joints: Sequence[Array]) -> None:
    for name, noise in (("exact joints", 0.0), ("noise of 4 mm", 0.004)):
        random = np.random.default_rng(0)
        rows = []
        for p, j in zip(poses, joints, strict=True):
            given = (j + random.normal(0.0, noise, j.shape)) * TO_PICTURE if noise else j * TO_PICTURE
            fit, seconds = _timed(lambda g=given: fit50(g, 24.0, body))
            apart = _degrees(fit.sequence.poses, p).mean(axis=0)
            gap = joints50(body, fit.sequence.poses) - j
            missed = 1000.0 * np.linalg.norm(gap - gap[:, NECK : NECK + 1], axis=-1)
            rows.append((missed.mean(), apart[_ARMS].mean(), apart[_FINGERS].mean(), 1000.0 * seconds / len(p)))
        mm, arms, fingers, ms = np.mean(rows, axis=0)
        print(
            f"fitting, {name}: joints {mm:.1f} mm, arms {arms:.1f} degrees, fingers {fingers:.1f} degrees, "
            f"{ms:.0f} ms a frame"
        )


def _degrees(a: Array, b: Array) -> Array:
    turns = [matrix_from_axis_angle(x.reshape(len(x), -1, 3)) for x in (a, b)]
    return np.degrees(np.linalg.norm(axis_angle_from_matrix(np.swapaxes(turns[0], -1, -2) @ turns[1]), axis=-1))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    result = work()
    return result, time.process_time() - began


if __name__ == "__main__":
    main()
