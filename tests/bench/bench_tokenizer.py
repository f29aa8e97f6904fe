"""How well a trained tokenizer gives motion back: `python -m tests.bench.bench_tokenizer CORPUS TOKENIZER [CLIPS]`.

CORPUS as `python -m engine corpus` writes it, TOKENIZER as `python -m engine train tokenizer` does; sentences held out
(`test`), every second frame, on the embedded avatar. Distances are means in millimetres: of joints as MPJPE has them,
of elbows, wrists and fingertips in space, of fingertips relative to the wrist and turned with it. Beside them how much
faster joints move than in the original (1: no jitter), how many codes are in use, and the time of encoding and decoding
a second of motion by torch on one thread.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import torch

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.metrics.errors import point_errors
from engine.metrics.points import MeasuredBody
from engine.skeleton import JOINT_COUNT, JOINT_INDEX, LAYERS
from engine.tokenizer.features import PARTS
from engine.training.cache import ClipCache
from engine.training.quantising import perplexity
from engine.training.tokenise import TrainedTokenizer

EVERY = 2
SIDES = ("left", "right")


def rebuilt(tokenizer: TrainedTokenizer, features: np.ndarray) -> tuple[np.ndarray, dict[str, torch.Tensor], float]:
    """(T, F) features encoded and decoded, T cut to whole codes; the codes; seconds that it took."""
    began = time.process_time()
    normalised = torch.from_numpy(tokenizer.statistics.normalised(features))[None]
    result = np.zeros((len(features) // 4 * 4, features.shape[1]))
    codes = {}
    with torch.inference_mode():
        for part in PARTS:
            columns = list(tokenizer.layout.columns[part])
            codes[part] = tokenizer.parts[part].encode(normalised[..., columns])
            result[:, columns] = tokenizer.parts[part].decode(codes[part])[0].numpy()
    return tokenizer.statistics.undone(result), codes, time.process_time() - began


def joint_rows(*names: str) -> list[int]:
    return [JOINT_INDEX[f"{side}_{name}"] for side in SIDES for name in names]


def tips_seen_from_wrists(body: BodyModel, poses: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(T, 10, 3) fingertips in the frames of their wrists."""
    world = body.forward_kinematics(poses)
    seen = []
    for side, first in (("left", JOINT_COUNT), ("right", JOINT_COUNT + 5)):
        wrist = world[:, JOINT_INDEX[f"{side}_wrist"]]
        away = points[:, first : first + 5] - wrist[:, None, :3, 3]
        seen.append(np.einsum("tba,tjb->tja", wrist[:, :3, :3], away))
    return np.concatenate(seen, axis=1)


def speed(points: np.ndarray) -> float:
    """Mean metres a frame that all points move."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=-1).mean())


def errors_of(measured: MeasuredBody, poses: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """By what is measured the (T,) millimetres between decoded and true poses."""
    a, b = (measured.joints(x) for x in poses)
    pelvis = JOINT_INDEX["pelvis"]
    result = {}
    result["MPJPE, all"], result["PA-MPJPE, all"] = point_errors(a, b, (a[:, pelvis], b[:, pelvis]))
    for side, first in (("left", JOINT_COUNT), ("right", JOINT_COUNT + 5)):
        wrist = JOINT_INDEX[f"{side}_wrist"]
        hand = [wrist, *(JOINT_INDEX[name] for name in LAYERS[f"{side}_hand"]), *range(first, first + 5)]
        plain, best = point_errors(a[:, hand], b[:, hand], (a[:, wrist], b[:, wrist]))
        result[f"MPJPE, {side} hand"], result[f"PA-MPJPE, {side} hand"] = plain, best
    groups = {"elbows": joint_rows("elbow"), "wrists": joint_rows("wrist"), "head": [JOINT_INDEX["head"]]}
    groups["fingertips"] = list(range(JOINT_COUNT, JOINT_COUNT + 10))
    for name, rows in groups.items():
        result[name] = 1000 * np.linalg.norm(a[:, rows] - b[:, rows], axis=-1).mean(axis=1)
    seen = [tips_seen_from_wrists(measured.body, x, points) for x, points in zip(poses, (a, b), strict=True)]
    result["fingertips, from the wrist"] = 1000 * np.linalg.norm(seen[0] - seen[1], axis=-1).mean(axis=1)
    return result


def main() -> None:
    corpus, folder, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 60
    torch.set_num_threads(1)
    cache, tokenizer = ClipCache(corpus), TrainedTokenizer.read(folder)
    measured = MeasuredBody(BodyModel.load(EMBEDDED_AVATAR))
    sentences = [clip for clip in cache.of("test") if clip.text] or cache.of("test")
    clips = [sentences[i] for i in np.linspace(0, len(sentences) - 1, min(count, len(sentences))).astype(int)]
    found: list[dict[str, np.ndarray]] = []
    used = {part: torch.zeros(tokenizer.parts[part].config.codes) for part in PARTS}
    seconds, faster = 0.0, []
    for clip in clips:
        truth = np.array(cache.features(clip))
        decoded, codes, took = rebuilt(tokenizer, truth)
        seconds += took
        for part in PARTS:
            used[part] += torch.bincount(codes[part][0], minlength=len(used[part]))
        poses = [tokenizer.layout.poses(x[: len(decoded)])[0] for x in (decoded, truth)]
        found.append(errors_of(measured, (poses[0][::EVERY], poses[1][::EVERY])))
        faster.append([speed(measured.body.forward_kinematics(x)[..., :3, 3]) for x in poses])
    long = sum(clip.frames / clip.fps for clip in clips)
    print(f"{len(clips)} sentences, {long:.0f} s; {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    for name in found[0]:
        values = np.concatenate([x[name] for x in found])
        middle, most = np.percentile(values, (50, 95))
        print(f"{name:28}{values.mean():8.1f} mm   median {middle:6.1f}   95 % {most:6.1f}")
    print(f"{'speed of joints':28}{np.divide(*np.mean(faster, axis=0)):8.2f} times the original's")
    for part, counts in used.items():
        print(
            f"{part:28}{perplexity(counts):8.0f} codes by perplexity, {int((counts > 0).sum())} used of {len(counts)}"
        )
    print(f"{'encode and decode':28}{1000 * seconds / long:8.1f} ms of CPU a second of motion")


if __name__ == "__main__":
    main()
