"""Imports point one way: addon -> plain modules of the engine, export -> engine, engine -> nobody."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.release.archive import NOT_SHIPPED

ROOT = Path(__file__).resolve().parents[2]
OURS = ("addon", "engine", "export", "blender_scenes", "tests")
BLENDER = {
    "bpy",
    "bmesh",
    "mathutils",
    "gpu",
    "gpu_extras",
    "blf",
    "bl_math",
    "bpy_extras",
    "addon_utils",
    "aud",
    "imbuf",
}
HEAVY = {"torch", "onnxruntime", "sentencepiece", "safetensors", "transformers", "scipy", "PIL"}
PLAIN_ENGINE_MODULES = {"take", "rotations", "skeleton", "protocol", "body", "body_files", "npz"}
"""What Blender's process may load from the engine: NumPy and the standard library only."""
ENGINE_PACKAGES = {"numpy", "fastjsonschema", "simplemma", "pypinyin"}
PICTURES = {"engine/review/portrait.py": {"PIL"}}
"""The one module that uses Pillow where it is installed, and says so where it isn't."""
COMPILED = (
    (re.compile(r"(.*/)?(torch_\w+|transformer|vqvae)\.py|engine/signllm/model\.py"), {"torch", "safetensors"}),
    (re.compile(r"(.*/)?onnx_\w+\.py"), {"onnxruntime"}),
)
"""Files whose names say which compiled packages they need, so that they are imported only where these are wanted."""
LATE = {"engine/soke/vocabulary_files.py": {"sentencepiece"}}
"""Files that import a compiled package inside of a function."""
WHERE_PRESENT = {"engine/__main__.py"}
"""The one file that uses what isn't shipped, where it is there: commands of training."""
MACHINE_PATH = re.compile(r"(?<![\w.])/(root/|work/|home/\w|opt/(?!homebrew))|[A-Z]:\\+Users\\")


def modules(folder: str) -> list[Path]:
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, from the repository's root; `from x import y` also gives `x.y`."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *(node.module or "").split("."))).strip(".")
            yield base
            yield from (f"{base}.{alias.name}".strip(".") for alias in node.names)


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path) if name}


def roots_at_the_top(path: Path) -> set[str]:
    """What is imported as soon as the file is."""
    statements = ast.parse(path.read_text("utf-8")).body
    top = [s for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]
    names = [alias.name for s in top if isinstance(s, ast.Import) for alias in s.names]
    names += [s.module or "" for s in top if isinstance(s, ast.ImportFrom) and not s.level]
    return {name.split(".")[0] for name in names if name}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def engine_modules_used(path: Path) -> set[str]:
    """Modules of the engine that a file imports, by their name below `engine`."""
    found = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "engine" and len(parts) > 1:
            place = ROOT.joinpath(*parts[:2])
            if place.with_suffix(".py").is_file() or place.is_dir():
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", modules("engine"), ids=name_of)
def test_the_engine_imports_nothing_of_blender_and_no_other_room(path: Path) -> None:
    assert not roots(path) & (BLENDER | {"addon", "export", "blender_scenes", "tests"})


SHIPPED = [p for p in modules("engine") if p.relative_to(ROOT).parts[1] not in NOT_SHIPPED]


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_the_shipped_engine_needs_numpy_and_its_bundled_packages_only(path: Path) -> None:
    name = name_of(path)
    compiled = {package for pattern, packages in COMPILED if pattern.fullmatch(name) for package in packages}
    at_its_top = ENGINE_PACKAGES | {"engine"} | set(sys.stdlib_module_names) | PICTURES.get(name, set()) | compiled
    assert not roots_at_the_top(path) - at_its_top
    assert not roots(path) - at_its_top - LATE.get(name, set())


@pytest.mark.parametrize("path", [p for p in SHIPPED if name_of(p) not in WHERE_PRESENT], ids=name_of)
def test_the_shipped_engine_does_without_what_stays_out_of_the_zip(path: Path) -> None:
    assert not engine_modules_used(path) & set(NOT_SHIPPED)


def test_saying_hello_loads_no_compiled_package() -> None:
    code = "import sys, engine.server, engine.description as d; d.description(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & HEAVY


@pytest.mark.parametrize("path", [*modules("addon"), *modules("blender_scenes")], ids=name_of)
def test_the_add_on_imports_only_plain_modules_of_the_engine(path: Path) -> None:
    assert engine_modules_used(path) <= PLAIN_ENGINE_MODULES


@pytest.mark.parametrize("path", [*modules("addon"), *modules("blender_scenes")], ids=name_of)
def test_the_add_on_needs_blender_numpy_and_the_standard_library_only(path: Path) -> None:
    allowed = BLENDER | {"numpy", "addon", "engine", "blender_scenes"} | set(sys.stdlib_module_names)
    assert not roots(path) - allowed
    absolute = re.findall(
        r"^\s*(?:from|import) (signwright|addon|engine|blender_scenes)\b", path.read_text("utf-8"), re.M
    )
    assert not absolute, "inside the extension imports are relative"


@pytest.mark.parametrize("name", sorted(PLAIN_ENGINE_MODULES))
def test_plain_modules_of_the_engine_import_only_plain_ones(name: str) -> None:
    path = ROOT / "engine" / f"{name}.py"
    assert engine_modules_used(path) <= PLAIN_ENGINE_MODULES
    assert not roots(path) & (HEAVY | {"fastjsonschema", "simplemma"})


def test_the_package_of_the_engine_itself_imports_nothing() -> None:
    assert not set(imports(ROOT / "engine/__init__.py")) - {"__future__", "__future__.annotations"}


@pytest.mark.parametrize("path", modules("export"), ids=name_of)
def test_export_imports_the_engine_and_itself(path: Path) -> None:
    assert not roots(path) & {"addon", "blender_scenes", "tests"}


def test_bpy_is_imported_by_the_add_on_the_scenes_and_what_runs_inside_blender() -> None:
    users = {
        name_of(p)
        for folder in ("addon", "blender_scenes", "engine", "export")
        for p in modules(folder)
        if "bpy" in roots(p)
    }
    inside = {n for n in users if n.startswith(("addon/", "blender_scenes/")) or Path(n).name.startswith("blender_")}
    assert users == inside


@pytest.mark.parametrize(
    "name", ["build_addon.py", *(n for n in map(name_of, modules("export/release")) if "/blender_" not in n)]
)
def test_the_entry_point_runs_on_the_standard_library(name: str) -> None:
    assert not roots(ROOT / name) - set(sys.stdlib_module_names) - {"export"}


def test_the_client_of_the_engine_knows_nothing_of_blender() -> None:
    for name in ("engine_process", "engine_session", "pipes", "reports"):
        assert not roots(ROOT / "addon" / f"{name}.py") & BLENDER


def test_no_file_holds_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [n for n in listed.stdout.split("\0") if n] or [name_of(p) for folder in OURS for p in modules(folder)]
    found = []
    for name in names:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".txt", ".in", ""}
            and path.is_file()
            and path.name != Path(__file__).name
        ):
            found += [f"{name}: {m[0]}" for m in MACHINE_PATH.finditer(path.read_text("utf-8", "ignore"))]
    assert not found
