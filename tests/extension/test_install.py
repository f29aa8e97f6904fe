"""Installing, enabling, disabling, upgrading: what Blender knows of the extension, and what stays of the user's."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import MODULE, install


def test_an_enabled_extension_shows_its_tab_and_a_disabled_one_leaves_nothing(blender: Any, installed: Path) -> None:
    answer = blender(
        installed,
        """
        def state():
            lists = {n: getattr(bpy.app.handlers, n) for n in dir(bpy.app.handlers)}
            handlers = {n: len(h) for n, h in lists.items() if isinstance(h, list)}
            types = sorted(n for n in dir(bpy.types) if "SIGNWRIGHT" in n.upper())
            operators = sorted(dir(bpy.ops.signwright))
            return handlers, types, operators, hasattr(bpy.types.Scene, "signwright")

        def main():
            before = state()
            enable()
            panels = [t for t in bpy.types.Panel.__subclasses__() if getattr(t, "bl_category", "") == "Signwright"]
            during = state()
            disable()
            return {"before": before, "during": during, "after": state(), "panels": len(panels)}
        """,
    )
    assert answer["panels"] >= 4
    assert answer["during"][3] and answer["during"][1]
    assert answer["after"] == answer["before"]


def test_enabling_again_and_again_works(blender: Any, installed: Path) -> None:
    assert blender(
        installed,
        """
        def main():
            for _ in range(3):
                enable()
                disable()
            enable()
            return hasattr(bpy.context.scene, "signwright")
        """,
    )


def test_an_upgrade_keeps_the_users_files_and_preferences(blender: Any, zip_path: Path, profile: Path) -> None:
    kept = blender(
        profile,
        """
        def main():
            enable()
            folder = bpy.utils.extension_path_user(MODULE, path="mine", create=True)
            with open(os.path.join(folder, "note.txt"), "w") as file:
                file.write("kept")
            bpy.ops.wm.save_userpref()
            return folder
        """,
    )
    done = install(zip_path, profile)
    assert done.returncode == 0, done.stderr
    assert (Path(kept) / "note.txt").read_text() == "kept"
    assert blender(profile, "def main():\n    enable()\n    return True")


def test_nothing_is_written_into_the_extensions_folder(blender: Any, profile: Path) -> None:
    folder = profile / "extensions/user_default/signwright"

    def files() -> dict[str, int]:
        found = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        return {str(p): p.stat().st_mtime_ns for p in found}

    before = files()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        takes = blender(
            profile,
            """
            def main():
                ops = enable()
                ops.add_avatar()
                ops.generate(text="Hello.")
                return len(bpy.context.scene.signwright.timeline.takes)
            """,
        )
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert takes == 1
    assert files() == before
    compiled = list((folder / "engine/generators").rglob("*.pyc"))
    assert not compiled, "the engine's compiled files belong into the user's cache"


def test_no_policy_is_broken(blender: Any, installed: Path) -> None:
    answer = blender(
        installed,
        f"""
        def main():
            paths = list(sys.path)
            ops = enable()
            ops.add_avatar()
            ops.generate(text="Thank you.")
            folder = os.path.join("extensions", "user_default", "signwright")
            files = {{n: getattr(m, "__file__", None) or "" for n, m in list(sys.modules.items())}}
            return {{
                "paths": sorted(set(sys.path) - set(paths)),
                "outside": [n for n, f in files.items() if folder in f and not n.startswith({MODULE!r})],
                "heavy": [n for n in ("torch", "onnxruntime", "simplemma", "fastjsonschema") if n in sys.modules],
                "numpy": files["numpy"],
                "online": bpy.app.online_access,
            }}
        """,
    )
    assert answer["outside"] == []
    assert answer["heavy"] == []
    assert not [p for p in answer["paths"] if "signwright" in p]
    assert "signwright" not in answer["numpy"]
    assert answer["online"] is False


def test_the_engine_uses_the_packages_that_the_zip_brings(blender: Any, installed: Path) -> None:
    found = blender(
        installed,
        """
        def main():
            import subprocess
            enable()
            process = extension("addon.engine_process")
            paths = extension("addon.paths")
            env = process.engine_environment(paths.ROOT, paths.user_folder("cache"))
            code = "import simplemma, fastjsonschema; print(simplemma.__file__); print(fastjsonschema.__file__)"
            done = subprocess.run([sys.executable, "-s", "-c", code], env=env, capture_output=True, text=True)
            return done.stdout.splitlines()
        """,
    )
    assert len(found) == 2
    assert all(Path(f).parent.parent == installed / "extensions/user_default/signwright/runtime" for f in found)


def test_onnx_runtime_of_the_zip_loads_in_blenders_python_and_the_engine_says_so(blender: Any, installed: Path) -> None:
    answer = blender(
        installed,
        """
        def main():
            import subprocess
            enable()
            process, paths = extension("addon.engine_process"), extension("addon.paths")
            env = process.engine_environment(paths.ROOT, paths.user_folder("cache"))
            code = (
                "from engine import native; native.add_packages(); import onnxruntime as o, sentencepiece as s;"
                "print(o.__file__); print(s.__file__); print(*o.get_available_providers())"
            )
            done = subprocess.run([sys.executable, "-s", "-c", code], env=env, capture_output=True, text=True)
            runtime = extension("addon.pump").session().wait_ready()["runtime"]
            return [done.stdout.splitlines(), done.stderr, runtime, sys.version_info[:2]]
        """,
    )
    lines, errors, runtime, version = answer
    folder = installed / "extensions/user_default/signwright/runtime" / "cp{}{}".format(*version)
    assert [Path(line).parent.parent for line in lines[:2]] == [folder, folder], errors
    assert "CPUExecutionProvider" in lines[2]
    assert errors == ""
    assert (runtime["name"], runtime["note"]) == ("base", "")
    assert runtime["label"].startswith("ONNX Runtime 1.")


def test_the_embedded_model_signs_without_anything_else(blender: Any, installed: Path, zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        if not [n for n in archive.namelist() if n.startswith("engine/assets/models/")]:
            pytest.skip("this zip embeds no model")
    answer = blender(
        installed,
        """
        def main():
            ops = enable()
            path = os.path.join(bpy.app.tempdir, "take.npz")
            session = extension("addon.pump").session()
            session.wait_ready()
            job = session.run(session.submit("generate", method="neural", text="Hello, my name is Anna.", output=path))
            assert job.error is None, job.error
            return [job.answer, len(extension("engine.take").Take.load(path).sequence)]
        """,
    )
    result, frames = answer
    assert result["runtime"] == "onnx-cpu"
    assert frames == result["frames"] > 24


def test_a_pack_that_does_not_load_leaves_onnx_runtime_at_work(blender: Any, profile: Path) -> None:
    answer = blender(
        profile,
        """
        def main():
            ops = enable()
            folder = extension("addon.paths").packs_path() / "torch-cpu"
            (folder / "torch").mkdir(parents=True)
            (folder / "torch/__init__.py").write_text("raise ImportError('libbroken.so')")
            python = "cp{}{}".format(*sys.version_info[:2])
            said = {"name": "torch-cpu", "label": "PyTorch", "bytes": 1, "python": python}
            (folder / "pack.json").write_text(json.dumps(said))
            hello = extension("addon.pump").session().wait_ready()
            ops.generate(text="Hello.", apply=False)
            with_broken = hello["runtime"]
            bpy.ops.signwright.remove_pack(pack="torch-cpu")
            ops.restart_engine()
            return [with_broken, extension("addon.pump").session().hello["runtime"], folder.exists()]
        """,
    )
    broken, after, there = answer
    assert broken["name"] == "base"
    assert "libbroken.so" in broken["note"]
    assert (after["name"], after["note"], there) == ("base", "", False)


def test_nothing_is_downloaded_while_blender_is_offline(blender: Any, installed: Path) -> None:
    message = blender(
        installed,
        """
        def main():
            ops = enable()
            try:
                ops.install_pack(pack="torch-cpu")
            except RuntimeError as e:
                return str(e)
        """,
    )
    assert "online access is off" in message
