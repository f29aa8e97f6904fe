"""Makes files like those that users download: SMPL-X bodies as `.npz` and `.pkl`, whole or damaged."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.skeleton import JOINT_COUNT, PARENTS

_RING = 5


def body_arrays(*, shapes: int = 20, correctives: bool = True) -> dict[str, np.ndarray]:
    """The keys of an SMPL-X file for a body of one ring of vertices around each joint."""
    rng = np.random.default_rng(11)
    joints = np.cumsum(rng.normal(scale=0.05, size=(JOINT_COUNT, 3)), axis=0)
    vertices = (joints[:, None] + rng.normal(scale=0.02, size=(JOINT_COUNT, _RING, 3))).reshape(-1, 3)
    count = len(vertices)
    owner = np.repeat(np.arange(JOINT_COUNT), _RING)
    weights = rng.dirichlet(np.full(JOINT_COUNT, 0.05), size=count)
    arrays = {
        "v_template": vertices,
        "f": np.stack([np.arange(count - 2), np.arange(1, count - 1), np.arange(2, count)], axis=1).astype(np.uint32),
        "shapedirs": rng.normal(scale=0.01, size=(count, 3, shapes)),
        "J_regressor": (owner == np.arange(JOINT_COUNT)[:, None]) / _RING,
        # published files have -1 wrapped round for the root's parent
        "kintree_table": np.array([[4294967295, *PARENTS[1:]], range(JOINT_COUNT)], dtype=np.uint32),
        "weights": weights,
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "hands_meanl": np.full(45, 0.1),
        "hands_meanr": np.full(45, -0.1),
    }
    if correctives:
        arrays["posedirs"] = rng.normal(scale=0.002, size=(count, 3, 486))
    return arrays


def write_npz(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


def write_pickle(path: Path, content: Any, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@contextmanager
def foreign_classes() -> Iterator[tuple[type, type]]:
    """Stand-ins for chumpy.ch.Ch and scipy.sparse.csc.csc_matrix, importable while objects of them are pickled."""
    made = []
    saved = {}
    for module, name in (("chumpy.ch", "Ch"), ("scipy.sparse.csc", "csc_matrix")):
        kind = type(name, (), {"__module__": module})
        for part in (module.split(".")[0], module):
            saved.setdefault(part, sys.modules.get(part))
            sys.modules[part] = types.ModuleType(part)
        setattr(sys.modules[module], name, kind)
        made.append(kind)
    try:
        yield made[0], made[1]
    finally:
        for part, module in saved.items():
            if module is None:
                del sys.modules[part]
            else:
                sys.modules[part] = module


def as_chumpy(kind: type, array: np.ndarray) -> object:
    held = kind()
    held.__dict__["x"] = array
    return held


def as_sparse_columns(kind: type, dense: np.ndarray) -> object:
    held = kind()
    columns, rows = np.nonzero(dense.T)
    starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=dense.shape[1]))])
    held.__dict__.update(_shape=dense.shape, data=dense[rows, columns], indices=rows, indptr=starts, maxprint=50)
    return held
