"""Checkpoints from anywhere are read without running anything in them. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import collections
import contextlib
import io
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from export.soke.unpickling import CheckpointError, Stub, load_tensors  # noqa: E402

ran: list[str] = []


def harm(what: str) -> None:
    """Stands for what an attacker would call."""
    ran.append(what)


class Calls:
    """Calls a function when it is unpickled the usual way."""

    def __init__(self, call: Callable[..., Any] = harm, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments or ("everything",)

    def __reduce__(self) -> Any:
        return self.call, self.arguments


class Settings:
    """Stands for OmegaConf's objects: with a state, a list's items and a dict's."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def saved(path: Path, **more: Any) -> Path:
    torch.save({"state_dict": {"w": torch.arange(6.0).reshape(2, 3)}, **more}, path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], *, method: int = zipfile.ZIP_STORED) -> Path:
    """The checkpoint with its entries changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def with_pickle(path: Path, data: bytes) -> Path:
    """A checkpoint whose table of contents is that pickle."""
    saved(path)

    def change(entries: dict[str, bytes]) -> None:
        entries[next(name for name in entries if name.endswith("/data.pkl"))] = data

    return rewritten(path, change)


def test_tensors_of_all_kinds_are_read(tmp_path: Path) -> None:
    whole = torch.arange(24).reshape(4, 6)
    made = {
        "half": torch.ones(3, dtype=torch.float16),
        "bfloat16": torch.ones(2, 2, dtype=torch.bfloat16),
        "turned": whole.T,
        "cut": whole[1:3, ::2],
        "number": torch.tensor(3.5),
        "empty": torch.zeros(0, 4),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    torch.save({"state_dict": collections.OrderedDict(made)}, tmp_path / "x.ckpt")
    read = load_tensors(tmp_path / "x.ckpt")["state_dict"]
    for name, tensor in made.items():
        assert torch.equal(read[name], tensor), name
        assert read[name].dtype == tensor.dtype


def test_other_objects_become_stubs(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.ckpt", hyper_parameters=Settings(a=1, b=[Settings()]), when=Path("/x"))
    data = load_tensors(path)
    assert isinstance(data["hyper_parameters"], Stub)
    assert vars(data["hyper_parameters"]) == {}


def test_nothing_in_a_checkpoint_runs(tmp_path: Path) -> None:
    import os

    ran.clear()
    mark = tmp_path / "mark"
    attacks = {
        "call": Calls(),
        "system": Calls(os.system, f"touch {mark}"),
        "nested": Settings(a=[{"b": (Calls(), Settings(c=Calls(exec, f"open({str(mark)!r}, 'w')")))}]),
        "chained": Calls(getattr, Calls(__import__, "os"), "system"),
        "apply": Calls(map, harm, ["x"]),
    }
    path = saved(tmp_path / "x.ckpt", **attacks)
    assert torch.equal(load_tensors(path)["state_dict"]["w"], torch.arange(6.0).reshape(2, 3))
    assert ran == []
    assert not mark.exists()
    torch.load(path, weights_only=False)
    assert ran, "the file does harm when it is read carelessly"
    assert mark.exists()


@pytest.mark.parametrize(
    "name", [b"torch._utils\n_rebuild_tensor_v2\n", b"collections\nOrderedDict\n", b"torch\nSize\n"]
)
def test_what_a_file_may_call_it_cannot_change(tmp_path: Path, name: bytes) -> None:
    before = torch._utils._rebuild_tensor_v2.__defaults__
    path = with_pickle(tmp_path / "x.ckpt", b"\x80\x02c" + name + b"N}X\x0c\x00\x00\x00__defaults__)s\x86b.")
    with pytest.raises(CheckpointError, match="may only call"):
        load_tensors(path)
    assert torch._utils._rebuild_tensor_v2.__defaults__ == before


def rebuilt(numel: int, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    """A pickle of one tensor that claims these numbers, over a storage of six."""

    class Storage:
        pass

    class Claims:
        def __reduce__(self) -> Any:
            return torch._utils._rebuild_tensor_v2, (
                Storage(), offset, size, stride, False, collections.OrderedDict(),
            )  # fmt: skip

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", numel) if isinstance(obj, Storage) else None

    data = io.BytesIO()
    Pickler(data, 2).dump({"state_dict": {"w": Claims()}})
    return data.getvalue()


def test_the_claims_of_the_tests_can_be_true(tmp_path: Path) -> None:
    data = load_tensors(with_pickle(tmp_path / "x.ckpt", rebuilt(6, (3, 2), (1, 3))))
    assert torch.equal(data["state_dict"]["w"], torch.arange(6.0).reshape(2, 3).T)


@pytest.mark.parametrize(
    "claim",
    [
        (6, (1 << 40,), (1,)),
        (6, (7,), (1,)),
        (6, (2, 3), (1 << 40, 1)),
        (6, (3,), (1,), 4),
        (6, (2,), (-1,), 1),
        (6, (3,), (1, 1)),
        (1 << 40, (1 << 40,), (1,)),
        (-6, (6,), (1,)),
    ],
    ids=str,
)
def test_a_tensor_never_reaches_out_of_its_storage(tmp_path: Path, claim: Any) -> None:
    path = with_pickle(tmp_path / "x.ckpt", rebuilt(*claim))
    with pytest.raises(CheckpointError, match=r"x\.ckpt"):
        load_tensors(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 36) + b"x.",
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x.",
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x.",
        b"\x80\x02]r" + struct.pack("<I", (1 << 32) - 1) + b".",
        b"\x80\x02\x8b" + struct.pack("<i", 1 << 30) + b".",
        b"\x80\x02" + b"(" * 200_000 + b".",
        b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        b"\x80\x7f.",
        b"",
    ],
    ids=["bytearray", "bytes", "text", "memo", "number", "marks", "nested", "protocol", "empty"],
)
def test_a_damaged_table_of_contents_takes_no_memory(tmp_path: Path, data: bytes) -> None:
    path = with_pickle(tmp_path / "x.ckpt", data)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=r"x\.ckpt"):
            load_tensors(path)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["../../out", "x/../../../out", "/tmp/signwright-out", "x\\..\\out"])
def test_entries_outside_of_the_folder_are_never_written(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)
    path = rewritten(saved(inside / "x.ckpt"), lambda entries: entries.update({name: b"x"}))
    with contextlib.suppress(CheckpointError):
        load_tensors(path)
    assert sorted(x.name for x in tmp_path.rglob("*")) == ["deep", "deeper", "x.ckpt"]
    assert not Path("/tmp/signwright-out").exists()


def test_a_compressed_checkpoint_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.ckpt")
    rewritten(path, lambda entries: entries.update({"x/data/9": bytes(64 << 20)}), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(CheckpointError, match="compressed"):
        load_tensors(path)


def test_a_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    with pytest.raises(CheckpointError, match="TorchScript"):
        load_tensors(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", pickle.dumps([1, 2]), pickle.dumps({"state_dict": {}})],
    ids=["empty", "junk", "list", "old"],
)
def test_a_file_of_another_kind_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt is no PyTorch checkpoint"):
        load_tensors(tmp_path / "x.ckpt")


def test_a_checkpoint_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.ckpt")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match=r"x\.ckpt"):
        load_tensors(path)


def test_a_list_at_the_top_is_told(tmp_path: Path) -> None:
    torch.save([torch.ones(2)], tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="no dictionary"):
        load_tensors(tmp_path / "x.ckpt")
