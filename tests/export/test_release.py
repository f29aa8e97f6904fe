"""The entry point's own parts: file names from texts, messages about what is missing, counting, packing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from export.release import archive, cli, console, demo, environments, libraries, native, pythons, tiers  # noqa: E402


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, my name is Anna.", "Hello_my_name_is_Anna"),
        ("¿Dónde está la señora?", "Dónde_está_la_señora"),
        ("你好，世界", "你好_世界"),
        ("../../etc/passwd", "etc_passwd"),
        ("a/b\\c:d*e?f", "a_b_c_d_e_f"),
        ("con", "_con"),
        ("🎉🎉", "signing"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_a_text_becomes_a_safe_file_name(text: str, name: str) -> None:
    assert demo.safe_name(text) == name


@pytest.mark.parametrize("text", ["word " * 2000, "x" * 10_000, "漢" * 10_000, "a\u0301" * 500])
def test_a_long_text_becomes_a_short_file_name(text: str) -> None:
    name = demo.safe_name(text)
    assert 0 < len(name) <= 60
    assert len(name.encode()) <= 120


def test_missing_libraries_are_named_with_the_command_that_installs_them() -> None:
    error = "ImportError: libXi.so.6: cannot open shared object file: No such file or directory"
    names = libraries.named_in(error)
    assert names == ["libXi.so.6"]
    assert "libXi.so.6" in libraries.explain(names)
    assert libraries.install_command("apt-get", names) == "sudo apt-get install libxi6"
    assert libraries.install_command("dnf", names) == "sudo dnf install libXi"
    assert libraries.install_command("pacman", names) == "sudo pacman -S libxi"
    assert "libUnheardOf.so.9" in libraries.explain(["libUnheardOf.so.9"])


def test_a_python_is_found_by_running_it() -> None:
    assert pythons.find(pythons.running()) == Path(sys.executable)
    assert pythons.find("2.99") is None
    assert "3.11" in pythons.how_to_get("3.11")


def test_every_supported_blender_has_pinned_and_hashed_requirements() -> None:
    files = [environments.blender(v).requirements for v in environments.BLENDER_PYTHONS]
    for path in [
        *files,
        environments.engine("3.11").requirements,
        ROOT / "engine/requirements.txt",
        native.REQUIREMENTS,
    ]:
        lines = path.read_text().splitlines()
        packages = [i for i, line in enumerate(lines) if line and line[0] not in " #"]
        assert packages
        for i in packages:
            assert "==" in lines[i] and "--hash=sha256:" in lines[i + 1], lines[i]
        assert not [line for line in lines if "://" in line]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    files: dict[str, Path | bytes] = {"b/c.txt": b"two", "a.txt": b"one"}
    archive.write(files, tmp_path / "1.zip")
    archive.write(dict(reversed(files.items())), tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "1.zip").namelist() == ["a.txt", "b/c.txt"]


@pytest.mark.parametrize("target", native.PLATFORMS.values(), ids=lambda p: p.name)
def test_the_manifest_gets_the_engines_version_and_its_platform(target: native.Platform) -> None:
    manifest = tomllib.loads(archive.manifest(target))
    assert manifest["version"] == archive.version()
    assert manifest["platforms"] == [target.name]


def test_a_zip_of_the_same_files_is_packed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BUILD", tmp_path / "build")
    target = tmp_path / "dist" / "a.zip"
    archive.write_once({"a": b"one"}, target)
    first = target.stat().st_mtime_ns
    archive.write_once({"a": b"one"}, target)
    assert target.stat().st_mtime_ns == first
    target.write_bytes(b"damaged")
    archive.write_once({"a": b"one"}, target)
    assert zipfile.ZipFile(target).read("a") == b"one"
    archive.write_once({"a": b"two"}, target)
    assert zipfile.ZipFile(target).read("a") == b"two"


def _wheels_content(folder: Path, **changed: str) -> None:
    for name, text in {
        "onnxruntime/__init__.py": "",
        "onnxruntime/LICENSE": "MIT",
        "onnxruntime/tools/big.py": "unused",
        "onnxruntime/capi/onnxruntime_pybind11_state.so": f"module of {folder.name}",
        "onnxruntime/capi/libonnxruntime.so.1.2.3": "unused",
        "onnxruntime-1.2.3.dist-info/METADATA": "Name: onnxruntime",
        "onnxruntime-1.2.3.dist-info/RECORD": folder.name,
        "sentencepiece/__init__.py": "",
        "sentencepiece/_sentencepiece.abi.so": folder.name,
        "sentencepiece-0.2.dist-info/METADATA": "Name: sentencepiece",
        **changed,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_of_compiled_packages_only_what_inference_needs_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_unpacked", lambda target, version, environment: tmp_path / version)
    for version in native.PYTHONS:
        _wheels_content(tmp_path / version)
    target, environment = native.PLATFORMS["linux-x64"], environments.engine("3.11")
    found = native.files(target, environment)
    assert not [name for name in found if "unused" in found[name].read_text()]
    assert {name.split("/")[1] for name in found if name.endswith(".so")} == {"cp311", "cp313", "cp314"}
    assert {name for name in found if "/cp" not in name} == {
        "runtime/onnxruntime-1.2.3.dist-info/LICENSE",
        "runtime/onnxruntime-1.2.3.dist-info/METADATA",
        "runtime/sentencepiece-0.2.dist-info/LICENSE",
        "runtime/sentencepiece-0.2.dist-info/METADATA",
    }
    _wheels_content(tmp_path / "3.14", **{"onnxruntime/LICENSE": "another"})
    with pytest.raises(console.BuildError, match="LICENSE differs"):
        native.files(target, environment)
    (tmp_path / "3.13/onnxruntime/capi/onnxruntime_pybind11_state.so").unlink()
    with pytest.raises(console.BuildError, match=r"Python 3\.13 on linux-x64"):
        native.files(target, environment)


def test_every_python_of_a_supported_blender_has_compiled_packages() -> None:
    assert set(environments.BLENDER_PYTHONS.values()) <= set(native.PYTHONS)


def test_the_torch_tier_finds_its_tests_by_what_they_skip_without() -> None:
    found = tiers.torch_tests()
    assert "tests/engine/test_body_smplx.py" in found
    assert "tests/export/test_soke_import.py" in found
    assert "tests/engine/test_rotations.py" not in found
    assert "tests/engine/test_review.py" not in found, "one of its tests skips, in the tier where it belongs"


def test_results_are_counted_from_pytests_own_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>')
    counts = tiers.counted(report)
    assert (counts.passed, counts.failed, counts.skipped) == (3, 2, 2)
    assert tiers.closing_line(counts, 1.0) == "==== 3 passed, 2 failed, 2 skipped in 1.0s ===="


def test_a_run_without_a_report_counts_nothing_as_passed(tmp_path: Path) -> None:
    assert tiers.counted(tmp_path / "none.xml").passed == 0


def test_an_unknown_tier_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(console.BuildError, match=r"no tier `enginee`.*lint.*engine-3\.11"):
        tiers.choose(["enginee"], everything=False)


def test_a_family_of_tiers_can_be_named() -> None:
    assert [t.name for t in tiers.choose(["addon"], everything=True)] == ["addon-4.5", "addon-5.0", "addon-5.2"]
    assert len(tiers.choose(["addon"], everything=False)) == 1


def test_a_failing_program_is_told_with_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LOGS", tmp_path)
    with pytest.raises(console.BuildError, match="status 3") as caught:
        console.run([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], "failing")
    assert "the reason" in str(caught.value)


def test_the_demo_refuses_an_empty_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "  "]) == 1
    assert "no text to sign" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="folder permissions differ")
def test_the_demo_names_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["demo", "Hello", "--out", str(tmp_path / "file" / "below")]) == 1
    assert "nothing can be written to" in capsys.readouterr().err


def test_the_entry_point_explains_itself() -> None:
    command = [sys.executable, str(ROOT / "build_addon.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(word in done.stdout for word in ("demo", "test", "build", "clean", "bench"))
