"""Packs in the preferences: what is offered, asked, shown and told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

ENGINE_TESTS = Path(__file__).resolve().parents[1] / "engine"
sys.path.insert(0, str(ENGINE_TESTS))


@pytest.fixture
def packs(addon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of packs, for this test alone."""
    from signwright.addon import pump
    from signwright.addon.features.runtime import drawing, operators, state

    folder = tmp_path / "packs"
    for module in (pump, operators, state, drawing):
        monkeypatch.setattr(module, "packs_path", lambda: folder)
    return folder


@pytest.fixture
def wheels(packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels with all that the pack `torch-cpu` is made of: PyTorch alone, for this test."""
    from signwright.addon.features.runtime import packs as known
    from signwright.addon.paths import preferences
    from tiny_wheels import write_torch

    pack = known.Pack("torch-cpu", "PyTorch", 10**6, 10**6, (), build="cpu")
    monkeypatch.setattr(known, "offered", lambda: (pack,))
    folder = tmp_path / "wheels"
    write_torch(folder)
    preferences().wheels_folder = str(folder)
    return folder


def installed(folder: Path, name: str, **changed: Any) -> Path:
    """A pack that claims to be installed."""
    path = folder / name
    path.mkdir(parents=True)
    said = {"name": name, "label": f"Label of {name}", "bytes": 5, "python": "cp311", **changed}
    (path / "pack.json").write_text(json.dumps(said))
    return path


def test_a_pack_is_installed_from_wheels_used_and_removed(wheels: Path, packs: Path) -> None:
    from signwright.addon import pump
    from signwright.addon.features.runtime import state

    ops = bpy.ops.signwright
    assert ops.install_pack(pack="torch-cpu", offline=True) == {"FINISHED"}
    assert (packs / "torch-cpu/torch/__init__.py").is_file()
    assert pump._pack() == str(packs / "torch-cpu")
    report = state.last_report()
    assert report is not None and "PyTorch is installed" in report.message
    assert ops.remove_pack(pack="torch-cpu") == {"FINISHED"}
    assert not (packs / "torch-cpu").exists()
    assert pump._pack() == ""


def test_what_goes_wrong_is_told_and_leaves_no_pack(wheels: Path, packs: Path) -> None:
    for wheel in wheels.iterdir():
        wheel.write_bytes(b"PK")
    with pytest.raises(RuntimeError, match="is damaged"):
        bpy.ops.signwright.install_pack(pack="torch-cpu", offline=True)
    assert list(packs.glob("*")) == []


def test_without_a_folder_or_online_access_nothing_starts(packs: Path, tmp_path: Path) -> None:
    from signwright.addon.features.runtime import state
    from signwright.addon.paths import preferences

    preferences().wheels_folder = str(tmp_path / "none")
    with pytest.raises(RuntimeError, match="no folder of wheels"):
        bpy.ops.signwright.install_pack(pack="torch-cpu", offline=True)
    with pytest.raises(RuntimeError, match="online access is off"):
        bpy.ops.signwright.install_pack(pack="torch-cpu")
    with pytest.raises(RuntimeError, match="no pack 'magic'"):
        bpy.ops.signwright.install_pack(pack="magic")
    with pytest.raises(RuntimeError, match="isn't installed"):
        bpy.ops.signwright.remove_pack(pack="magic")
    assert state.current() is None


def test_the_engine_gets_the_ablest_pack_unless_the_user_says_otherwise(packs: Path) -> None:
    from signwright.addon import pump
    from signwright.addon.paths import preferences

    assert pump._pack() == ""
    installed(packs, "torch-cpu")
    cuda = installed(packs, "torch-cuda")
    installed(packs, "torch-cuda.part")
    assert pump._pack() == str(cuda)
    assert pump._make_process().env["SIGNWRIGHT_PACK"] == str(cuda)
    preferences().runtime = "BASE"
    assert pump._pack() == ""


def test_a_damaged_pack_can_still_be_removed(packs: Path) -> None:
    from signwright.addon.features.runtime import packs as known

    (installed(packs, "torch-cpu") / "pack.json").write_text("{")
    assert [p.label for p in known.installed(packs)] == ["torch-cpu (damaged)"]
    assert bpy.ops.signwright.remove_pack(pack="torch-cpu") == {"FINISHED"}
    assert not (packs / "torch-cpu").exists()


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_every_pack_is_made_of_pinned_packages(addon: Any, system: str) -> None:
    from signwright.addon.features.runtime import packs as known

    for pack in known.PACKS[system]:
        assert 10**8 < pack.download < pack.installed
        pins = "".join(Path(file).read_text() for group in pack.groups for file in group["files"])
        lines = [line for group in pack.groups for line in group["lines"]]
        assert f"torch=={known.TORCH}" in pins + "".join(lines)
        assert all("--hash=sha256:" in pins for _ in pack.pins)
        assert ("onnxruntime-gpu==" in pins) == bool(pack.cuda)
        job = known.install_job(pack, Path("packs"), Path("log"), "python")
        assert (job["before"][-2:] == ["--cuda", pack.cuda]) == bool(pack.cuda)


def test_the_cuda_pack_has_the_onnx_runtime_of_the_zip(addon: Any) -> None:
    root = Path(__file__).resolve().parents[2]
    gpu = (root / "engine/packs/requirements/onnxruntime-gpu.txt").read_text().split()[0]
    base = (root / "engine/requirements_native.in").read_text()
    assert gpu.replace("-gpu", "") in base
