"""Reads and writes body-model files: our packed avatar, and users' SMPL-X `.npz` and `.pkl`.

Our file has SMPL-X's keys, but packs the big arrays: quantised integers with a step, and sparse indices.
"""

from __future__ import annotations

import codecs
import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .body import POSE_FEATURES, BodyModel, BodyModelError, PoseBlend, Surface
from .skeleton import JOINT_COUNT, PARENTS

PACKED_FORMAT = "signwright-avatar-1"
SHAPE_SPACE = 300
"""Full SMPL-X files keep 300 shape columns before the expression columns; reduced ones keep 10."""
_REDUCED_SHAPE_SPACE = 10
_KEPT = 10
"""Coefficients used of each space in users' files: what takes and published tools work with."""
_LANDMARK_KEYS = ("lmk_faces_idx", "lmk_bary_coords", "dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords")

Data = Mapping[str, NDArray[Any]]


def load_body(path: Path) -> BodyModel:
    """Read a body model; see `BodyModel.load`."""
    data = _read(path)
    check = _Checker(path, data)
    if "format" in data:
        found = str(data["format"])
        if found != PACKED_FORMAT:
            raise BodyModelError(f"{path}: unknown avatar format {found!r}; this version reads {PACKED_FORMAT!r}")
        return _from_packed(path, check)
    return _from_smplx(path, check)


def _read(path: Path) -> Data:
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".pkl"):
        raise BodyModelError(f"{path}: a body model is an SMPL-X .npz or .pkl file")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BodyModelError(f"{path}: can't be read: {error.strerror}") from error
    try:
        if suffix == ".pkl":
            return read_pickle(raw)
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            return {key: _member(archive, raw, key) for key in archive.files}
    except BodyModelError as error:
        raise BodyModelError(f"{path}: {error}") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError, KeyError, IndexError) as error:
        raise BodyModelError(f"{path}: damaged or not a body model ({error})") from error


def _member(archive: Any, raw: bytes, key: str) -> NDArray[Any]:
    """One array of an npz; object arrays (published SMPL-X files hold some) go through the safe reader."""
    try:
        return archive[key]
    except ValueError:
        with zipfile.ZipFile(io.BytesIO(raw)) as members, members.open(f"{key}.npy") as file:
            version = np.lib.format.read_magic(file)
            formats = np.lib.format
            header = formats.read_array_header_1_0 if version[0] == 1 else formats.read_array_header_2_0
            if not header(file)[2].hasobject:
                raise
            return np.asarray(_plain(_SafeUnpickler(file, encoding="latin1").load()))


class _ArrayHolder:
    """Stands in for an array object of another library: keeps its state, runs none of its code."""

    def __init__(self, *args: object) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        parts = state if isinstance(state, tuple) else (state,)
        self.state = {k: v for part in parts if isinstance(part, dict) for k, v in part.items()}

    def array(self) -> NDArray[Any]:
        """The dense array that the object held."""
        raise NotImplementedError


class _Chumpy(_ArrayHolder):
    def array(self) -> NDArray[Any]:
        return np.asarray(_plain(self.state["x"]))


class _Columns(_ArrayHolder):
    """scipy.sparse's compressed columns."""

    def array(self) -> NDArray[Any]:
        dense = np.zeros(self.state["_shape"], dtype=self.state["data"].dtype)
        starts = self.state["indptr"]
        column = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        np.add.at(dense, self._places(self.state["indices"], column), self.state["data"])
        return dense

    def _places(self, minor: NDArray[Any], major: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        return minor, major


class _Rows(_Columns):
    """scipy.sparse's compressed rows."""

    def _places(self, minor: NDArray[Any], major: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        return major, minor


def _reconstructor(cls: type, base: type, state: object) -> _ArrayHolder:
    """Python 2's copy_reg._reconstructor, for array holders only."""
    if not issubclass(cls, _ArrayHolder):
        raise pickle.UnpicklingError(f"may not build {cls!r}")
    return cls()


_HOLDERS = {"Ch": _Chumpy, "csc_matrix": _Columns, "csc_array": _Columns, "csr_matrix": _Rows, "csr_array": _Rows}
_NUMPY = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    # NumPy moved these between versions; its own arrays know the present ones
    "_reconstruct": np.zeros(0).__reduce__()[0],
    "scalar": np.float64(0).__reduce__()[0],
    "_frombuffer": np.zeros(1).__reduce_ex__(5)[0],
}


class _SafeUnpickler(pickle.Unpickler):
    """Loads arrays only: any other global in the file is refused before it can run."""

    def find_class(self, module: str, name: str) -> Any:
        package = module.partition(".")[0]
        if package == "numpy" and name in _NUMPY:
            return _NUMPY[name]
        if package in ("chumpy", "scipy") and name in _HOLDERS:
            return _HOLDERS[name]
        if module == "_codecs" and name == "encode":
            return codecs.encode
        if module in ("copy_reg", "copyreg") and name == "_reconstructor":
            return _reconstructor
        if module in ("__builtin__", "builtins") and name == "object":
            return object
        raise BodyModelError(f"the file asks for {module}.{name}; a body model holds arrays only, so it is refused")


def read_pickle(raw: bytes) -> Data:
    """Arrays by key from the bytes of an SMPL-X pickle, without running any code in it."""
    loaded = _SafeUnpickler(io.BytesIO(raw), encoding="latin1").load()
    if not isinstance(loaded, dict):
        raise BodyModelError(f"holds a {type(loaded).__name__} where a dictionary of arrays was expected")
    return {_text(key): np.asarray(_plain(value)) for key, value in loaded.items()}


def _text(key: object) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def _plain(value: Any) -> Any:
    """Stand-ins to dense arrays; the rest unchanged."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.shape == ():
        return _plain(value.item())
    return value.array() if isinstance(value, _ArrayHolder) else value


class _Checker:
    """Takes arrays out of a file and complains by key."""

    def __init__(self, path: Path, data: Data) -> None:
        self._path, self._data = path, data

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def error(self, message: str) -> BodyModelError:
        return BodyModelError(f"{self._path}: {message}")

    def array(self, key: str, shape: tuple[int | None, ...], dtype: Any = np.float32) -> NDArray[Any]:
        """The array of a key; `None` in shape stands for any length."""
        if key not in self._data:
            raise self.error(f"the key {key!r} is missing")
        value = self._data[key]
        fits = value.ndim == len(shape) and all(w in (None, n) for w, n in zip(shape, value.shape, strict=True))
        if not fits:
            wanted = "(" + ", ".join("any" if w is None else str(w) for w in shape) + ")"
            raise self.error(f"{key!r} has shape {value.shape}, expected {wanted}")
        if value.dtype == object or value.dtype.kind not in "fiub":
            raise self.error(f"{key!r} doesn't hold numbers (type {value.dtype})")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise self.error(f"{key!r} holds values that aren't finite")
        return value.astype(dtype)

    def names(self, key: str) -> tuple[str, ...]:
        if key not in self._data:
            raise self.error(f"the key {key!r} is missing")
        return tuple(str(n) for n in self._data[key])

    def text(self, key: str, default: str) -> str:
        return _text(self._data[key].item()) if key in self._data else default

    def landmarks(self) -> dict[str, NDArray[Any]]:
        return {key: self._data[key] for key in _LANDMARK_KEYS if key in self._data}


def _check_tree(check: _Checker) -> None:
    table = check.array("kintree_table", (2, None), np.int64)
    if table.shape[1] != JOINT_COUNT:
        kinds = {24: "an SMPL", 52: "an SMPL+H", 16: "a MANO", 5: "a FLAME"}
        kind = kinds.get(table.shape[1], "another")
        raise check.error(f"'kintree_table' has {table.shape[1]} joints: {kind} model; SMPL-X has {JOINT_COUNT}")
    if tuple(table[0, 1:].tolist()) != PARENTS[1:]:
        raise check.error("'kintree_table' doesn't describe SMPL-X's joint tree")


def _check_indices(check: _Checker, faces: NDArray[Any], count: int) -> None:
    if faces.size and (faces.min() < 0 or faces.max() >= count):
        raise check.error(f"'f' names vertex {int(faces.max())}, but there are {count} vertices")


def _check_weights(check: _Checker, weights: NDArray[Any]) -> None:
    if not np.allclose(weights.sum(axis=1), 1.0, atol=1e-3):
        raise check.error("'weights' has rows that don't sum to 1")


def _hands(check: _Checker) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean hands (2, 45) and components (2, 45, 45); absent ones are flat and plain."""
    means, components = np.zeros((2, 45), np.float32), np.stack([np.eye(45, dtype=np.float32)] * 2)
    for k, side in enumerate("lr"):
        if f"hands_mean{side}" in check:
            means[k] = check.array(f"hands_mean{side}", (45,))
        if f"hands_components{side}" in check:
            components[k] = check.array(f"hands_components{side}", (45, 45))
    return means, components


def _from_smplx(path: Path, check: _Checker) -> BodyModel:
    _check_tree(check)
    template = check.array("v_template", (None, 3))
    count = len(template)
    faces = check.array("f", (None, 3), np.int64)
    _check_indices(check, faces, count)
    directions = check.array("shapedirs", (count, 3, None))
    total = directions.shape[2]
    if total < 2 * _REDUCED_SHAPE_SPACE:
        raise check.error(f"'shapedirs' has {total} columns; SMPL-X has at least {2 * _REDUCED_SHAPE_SPACE}")
    start = SHAPE_SPACE if total > SHAPE_SPACE else _REDUCED_SHAPE_SPACE
    weights = check.array("weights", (count, JOINT_COUNT))
    _check_weights(check, weights)
    means, components = _hands(check)
    blend = None
    if "posedirs" in check:
        values = check.array("posedirs", (count, 3, POSE_FEATURES))
        blend = PoseBlend(np.arange(count), np.arange(POSE_FEATURES), values)
    expression = directions[:, :, start : start + _KEPT].copy()
    return BodyModel(
        name=path.stem,
        gender=check.text("gender", _gender_in(path.stem)),
        template=template,
        faces=faces,
        shape_directions=directions[:, :, :_KEPT].copy(),
        expression_directions=expression,
        joint_regressor=check.array("J_regressor", (JOINT_COUNT, count)),
        weights=weights,
        pose_blend=blend,
        hand_means=means,
        hand_components=components,
        shape_names=tuple(f"beta{i}" for i in range(_KEPT)),
        expression_names=tuple(f"expression{i}" for i in range(expression.shape[2])),
        landmarks=check.landmarks(),
    )


def _gender_in(stem: str) -> str:
    return next((g for g in ("female", "male", "neutral") if g in stem.lower()), "neutral")


def _from_packed(path: Path, check: _Checker) -> BodyModel:
    _check_tree(check)
    template = check.array("v_template", (None, 3))
    count = len(template)
    faces = check.array("f", (None, 3), np.int64)
    _check_indices(check, faces, count)
    shape_names, expression_names = check.names("shape_names"), check.names("expression_names")
    directions = _unpacked(check, "shapedirs", (count, 3, len(shape_names) + len(expression_names)))
    weights = np.zeros((count, JOINT_COUNT), np.float32)
    index = check.array("weights_index", (count, None), np.int64)
    np.put_along_axis(weights, index, _unpacked(check, "weights", index.shape), axis=1)
    weights /= weights.sum(axis=1, keepdims=True)
    regressor = np.zeros((JOINT_COUNT, count), np.float32)
    place = check.array("J_regressor_index", (2, None), np.int64)
    regressor[tuple(place)] = check.array("J_regressor_values", (place.shape[1],))
    rows, columns = (
        check.array("posedirs_vertices", (None,), np.int64),
        check.array("posedirs_columns", (None,), np.int64),
    )
    means, components = _hands(check)
    materials = check.names("material_names")
    return BodyModel(
        name=path.stem,
        gender=check.text("gender", "neutral"),
        template=template,
        faces=faces,
        shape_directions=directions[:, :, : len(shape_names)].copy(),
        expression_directions=directions[:, :, len(shape_names) :].copy(),
        joint_regressor=regressor,
        weights=weights,
        pose_blend=PoseBlend(rows, columns, _unpacked(check, "posedirs", (len(rows), 3, len(columns)))),
        hand_means=means,
        hand_components=components,
        shape_names=shape_names,
        expression_names=expression_names,
        landmarks=check.landmarks(),
        surface=Surface(
            materials,
            check.array("face_materials", (len(faces),), np.int64),
            _unpacked(check, "face_uvs", (len(faces), 3, 2)),
            int(check.array("quad_count", (), np.int64)),
        ),
    )


def _unpacked(check: _Checker, key: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """A quantised array: `<key>_packed` integers times `<key>_step`."""
    return check.array(f"{key}_packed", shape) * check.array(f"{key}_step", ())


def packed(key: str, values: NDArray[Any], step: float) -> dict[str, NDArray[Any]]:
    """The two entries that `load_body` reads back with an error of at most half a step."""
    whole = np.rint(values / step)
    kind = next(t for t in (np.uint8, np.int8, np.uint16, np.int16, np.int32) if _holds(t, whole))
    return {f"{key}_packed": whole.astype(kind), f"{key}_step": np.array(step, dtype=np.float64)}


def _holds(kind: type, whole: NDArray[Any]) -> bool:
    limits = np.iinfo(kind)
    return not whole.size or (limits.min <= whole.min() and whole.max() <= limits.max)


def save_smplx_npz(model: BodyModel, path: Path) -> None:
    """Write the plain arrays of SMPL-X's format; see `BodyModel.save_smplx_npz`."""
    count = model.vertex_count
    posedirs = model.pose_blend.dense(count) if model.pose_blend else np.zeros((count, 3, POSE_FEATURES), np.float32)
    parents = np.array([PARENTS, range(JOINT_COUNT)], dtype=np.int64)
    arrays = {
        "v_template": model.template,
        "f": model.faces,
        "shapedirs": np.concatenate([model.shape_directions, model.expression_directions], axis=2),
        "posedirs": posedirs,
        "J_regressor": model.joint_regressor,
        "kintree_table": parents,
        "weights": model.weights,
        "hands_meanl": model.hand_means[0],
        "hands_meanr": model.hand_means[1],
        "hands_componentsl": model.hand_components[0],
        "hands_componentsr": model.hand_components[1],
        **model.landmarks,
    }
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
