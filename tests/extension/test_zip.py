"""What is in the release zip, and what is not."""

from __future__ import annotations

import ast
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOWED_AT_THE_TOP = {
    "__init__.py",
    "blender_manifest.toml",
    "LICENSE",
    "THIRD_PARTY.md",
    "addon",
    "engine",
    "blender_scenes",
    "runtime",
}


@pytest.fixture(scope="module")
def archive(zip_path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(zip_path)


def test_only_what_users_need_is_packed(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    assert {name.split("/")[0] for name in names} == ALLOWED_AT_THE_TOP
    unwanted = re.compile(r"(^|/)(tests?|training|metrics|__pycache__|\.[^/]+)/|\.(pyc|blend1|log|ipynb|in)$")
    assert not [name for name in names if unwanted.search(name)]


def test_compiled_code_is_of_one_platform_and_lies_in_the_folders_of_the_pythons_it_is_for(
    archive: zipfile.ZipFile,
) -> None:
    compiled = [n for n in archive.namelist() if re.search(r"\.(so|pyd|dll|dylib|exe)(\.|$)", n)]
    folders = {n.split("/")[1] for n in compiled if n.startswith("runtime/cp")}
    assert folders == {"cp311", "cp313", "cp314"}
    assert not [n for n in compiled if not n.startswith("runtime/cp")]
    (platform,) = tomllib.loads(archive.read("blender_manifest.toml").decode())["platforms"]
    endings = {"linux-x64": ".so", "macos-arm64": ".so", "windows-x64": ".pyd"}
    modules = [n for n in compiled if Path(n).name.startswith(("_sentencepiece", "onnxruntime_pybind11_state"))]
    assert len(modules) == 6
    assert all(n.endswith(endings[platform]) for n in modules)


def test_a_platforms_zip_is_named_by_it(zip_path: Path, archive: zipfile.ZipFile) -> None:
    (platform,) = tomllib.loads(archive.read("blender_manifest.toml").decode())["platforms"]
    assert zip_path.stem.endswith(platform.replace("-", "_"))


def test_the_manifest_carries_the_engines_version_and_says_why_it_asks_for_permissions(
    archive: zipfile.ZipFile,
) -> None:
    manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    version = re.search(r'^__version__ = "(.+)"', (ROOT / "engine/__init__.py").read_text(), re.M)
    assert version is not None and manifest["version"] == version[1]
    assert set(manifest["permissions"]) == {"files", "network"}
    assert "only when you press Install" in manifest["permissions"]["network"]
    assert manifest["blender_version_min"] == "4.5.0"
    assert "wheels" not in manifest


def test_every_bundled_package_comes_with_its_licence(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    folders = {re.sub(r"^runtime/(cp\d+/)?", "", n) for n in names if n.startswith("runtime/")}
    packages = {n.partition("/")[0] for n in folders if ".dist-info/" not in n and ".libs/" not in n and "/" in n}
    assert {"onnxruntime", "sentencepiece", "simplemma"} <= packages
    for package in packages:
        assert [n for n in names if re.match(rf"runtime/{package}-[^/]+\.dist-info/(licenses/)?LICENSE", n)], package
    third_party = archive.read("THIRD_PARTY.md").decode()
    assert all(package in third_party for package in packages)


def test_all_packed_code_is_valid_for_the_oldest_supported_python(archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        if name.endswith(".py"):
            ast.parse(archive.read(name).decode(), name, feature_version=(3, 11))


def test_the_zip_is_small_enough_to_share(zip_path: Path) -> None:
    assert zip_path.stat().st_size < 90_000_000


def test_members_are_sorted_and_dated_alike_so_that_the_same_input_gives_the_same_bytes(
    archive: zipfile.ZipFile,
) -> None:
    names = archive.namelist()
    assert names == sorted(names)
    assert len({info.date_time for info in archive.infolist()}) == 1
