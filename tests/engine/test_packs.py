"""Installing and removing a pack: a real pip, wheels of a few bytes, and everything that can go wrong."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_wheels import write_torch, write_wheel

from engine import native
from engine.packs import installer, pip_runs, wheels
from engine.packs.failures import Cancelled, Failure

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 120.0

Start = Callable[..., Any]


class Run:
    """An installer process that the test talks to as the add-on does."""

    def __init__(self, job: dict[str, Any], folder: Path) -> None:
        path = folder / "job.json"
        path.write_text(json.dumps(job), "utf-8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-m", "engine.packs", str(path)],
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PIP_FIND_LINKS": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            bufsize=1,
        )
        self.said: list[dict[str, Any]] = []

    def until(self, *types: str) -> dict[str, Any]:
        """Read on until one of these is said."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(json.loads(line))
            if self.said[-1]["type"] in types:
                return self.said[-1]
        raise AssertionError(f"the installer ended, having said {self.said}")

    def swap(self) -> dict[str, Any]:
        """Let the pack take its place once it is ready; the last word."""
        last = self.until("ready", "error")
        if last["type"] == "ready":
            assert self.process.stdin
            self.process.stdin.write("swap\n")
            last = self.until("done", "error")
        self.close()
        return last

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(WAIT_S)
        self.process.stdout.close()


@pytest.fixture(autouse=True)
def no_settings_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pip from indexes and folders of wheels that this machine is set up with."""
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    """A job that installs `torch` and `helper` from a folder of wheels."""
    folder = tmp_path / "Räder 輪"
    write_torch(folder)
    write_wheel(folder, "helper", "1.0", {"helper.py": "x = 1\n"})
    write_wheel(folder, "helper", "2.0", {"helper.py": "x = 2\n"})
    return {
        "action": "install",
        "target": str(tmp_path / "mis packs" / "torch-cpu"),
        "log": str(tmp_path / "install.log"),
        "pack": {"name": "torch-cpu", "label": "PyTorch (CPU)"},
        "groups": [{"files": [], "lines": ["torch==2.13.0+cpu", "helper==1.0 ; python_version > '3'"], "index": ""}],
        "folder": str(folder),
        "download": 0,
        "installed": 0,
        "check": [sys.executable, "-s", "-m", "engine.native"],
        "before": [],
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an installer with a job."""
    runs: list[Run] = []

    def begin(job: dict[str, Any]) -> Run:
        runs.append(Run(job, tmp_path))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.close()


def left_over(job: dict[str, Any]) -> list[str]:
    """Names beside the pack."""
    target = Path(job["target"])
    return sorted(p.name for p in target.parent.iterdir() if p != target) if target.parent.is_dir() else []


def test_a_folder_of_wheels_becomes_a_pack(start: Start, job: dict[str, Any]) -> None:
    run = start(job)
    done = run.swap()
    assert done["type"] == "done", done
    target = Path(job["target"])
    said = json.loads((target / native.PACK_FILE).read_text("utf-8"))
    assert (said["name"], said["python"]) == ("torch-cpu", native.TAG)
    assert said["versions"] == {"torch": "2.13.0", "helper": "1.0"}
    assert done["pack"]["found"] == {"torch": "2.13.0", "cuda": ""}
    assert (target / "helper.py").read_text() == "x = 1\n"
    assert left_over(job) == []
    stages = [m["stage"] for m in run.said if m["type"] == "progress"]
    assert stages[0] == "Checking" and stages[-1] == "Trying"


def test_a_pack_that_was_there_is_swapped_as_a_whole(start: Start, job: dict[str, Any]) -> None:
    target = Path(job["target"])
    target.mkdir(parents=True)
    (target / "old.py").write_text("old")
    run = start(job)
    run.until("ready")
    assert (target / "old.py").is_file(), "the old pack serves until the very end"
    assert not (target / "torch").exists()
    assert run.process.stdin
    run.process.stdin.write("swap\n")
    run.until("done")
    assert not (target / "old.py").exists()
    assert (target / "torch/__init__.py").is_file()
    run.close()
    assert left_over(job) == []


@pytest.mark.parametrize("moment", ["progress", "ready"])
def test_cancelling_leaves_what_was_there(start: Start, job: dict[str, Any], moment: str) -> None:
    target = Path(job["target"])
    target.mkdir(parents=True)
    (target / "old.py").write_text("old")
    run = start(job)
    run.until(moment)
    assert run.process.stdin
    run.process.stdin.close()  # so does Blender when it is gone
    assert run.until("error")["code"] == "cancelled"
    assert run.process.wait(WAIT_S) == 1
    assert [p.name for p in target.iterdir()] == ["old.py"]
    assert left_over(job) == []


def test_too_little_space_is_told_before_anything_is_written(
    job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=50_000_000))
    with pytest.raises(Failure, match=r"needs 210 MB .* 50 MB are free") as caught:
        installer.Installer(job, lambda kind, **fields: None).install()
    assert caught.value.code == "no_space"
    assert not Path(job["target"]).parent.exists()


def test_a_wheel_that_is_no_zip_is_named(start: Start, job: dict[str, Any]) -> None:
    wheel = next(Path(job["folder"]).glob("torch-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:200])
    last = start(job).swap()
    assert (last["type"], last["code"]) == ("error", "damaged_wheel")
    assert wheel.name in last["message"]
    assert "ONNX Runtime" in last["hint"]
    assert left_over(job) == []


def test_wheels_of_another_python_or_system_are_refused(start: Start, job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    next(folder.glob("torch-*.whl")).unlink()
    write_wheel(folder, "torch", "2.13.0", {"torch/__init__.py": ""}, tag="cp27-cp27m-win32")
    last = start(job).swap()
    assert last["code"] == "wrong_wheels"
    assert "torch==2.13.0" in last["message"] and str(folder) in last["message"]
    assert left_over(job) == []


def test_a_pytorch_that_does_not_load_never_takes_the_place_of_one_that_does(start: Start, job: dict[str, Any]) -> None:
    assert start(job).swap()["type"] == "done"
    write_torch(Path(job["folder"]), code="raise ImportError('libmissing.so: cannot open shared object file')")
    last = start(job).swap()
    assert last["code"] == "pack_broken"
    assert "libmissing.so" in last["message"]
    assert "zeros" in (Path(job["target"]) / "torch/__init__.py").read_text()
    assert left_over(job) == []


def test_an_unfit_driver_is_told_first(start: Start, job: dict[str, Any]) -> None:
    job["before"] = [sys.executable, "-c", "raise SystemExit('The NVIDIA driver is too old.')"]
    last = start(job).swap()
    assert (last["code"], last["message"]) == ("driver", "The NVIDIA driver is too old.")
    assert not Path(job["target"]).exists()


def test_a_folder_that_is_not_there_is_told(start: Start, job: dict[str, Any]) -> None:
    job["folder"] += " not"
    assert start(job).swap()["code"] == "no_folder"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder without the right to write")
def test_a_place_that_cannot_be_written_is_told(start: Start, job: dict[str, Any], tmp_path: Path) -> None:
    tmp_path.joinpath("locked").mkdir(mode=0o555)
    job["target"] = str(tmp_path / "locked" / "packs" / "torch-cpu")
    assert start(job).swap()["code"] == "no_write"


def test_removing_deletes_the_pack_and_what_attempts_left(start: Start, job: dict[str, Any]) -> None:
    assert start(job).swap()["type"] == "done"
    target = Path(job["target"])
    (target.with_name("torch-cpu.part") / "wheels").mkdir(parents=True)
    assert start({**job, "action": "remove"}).swap()["type"] == "done"
    assert not target.exists()
    assert left_over(job) == []
    assert start({**job, "action": "remove"}).swap()["type"] == "done", "removing what isn't there is no mistake"


# ------------------------------------------------------------ from an index


class Index(http.server.SimpleHTTPRequestHandler):
    """A package index of one page a package; it cuts files short whose names are in `broken`."""

    broken: set[str] = set()

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        data = source.read()
        name = self.path.rsplit("/", 1)[-1]
        outputfile.write(data[: len(data) // 2] if name in self.broken else data)


@pytest.fixture
def index(job: dict[str, Any], tmp_path: Path) -> Iterator[str]:
    """Address of an index with the wheels of the job, which takes them from there."""
    root = tmp_path / "index"
    for wheel in Path(job["folder"]).glob("*.whl"):
        page = root / wheel.name.partition("-")[0]
        page.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, page)
        links = "".join(f'<a href="{p.name}">{p.name}</a>' for p in sorted(page.glob("*.whl")))
        (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    digest = hashlib.sha256(next(root.glob("helper/helper-1.0*")).read_bytes()).hexdigest()
    pins = tmp_path / "pins.txt"
    pins.write_text(f"helper==1.0 ; python_version > '3' \\\n    --hash=sha256:{digest}\n")
    job["groups"] = [
        {"files": [str(pins)], "lines": [], "index": address},
        {"files": [], "lines": ["torch==2.13.0"], "index": address},
    ]
    job.update(folder="", download=4000, installed=4000)
    yield address
    Index.broken = set()
    server.shutdown()
    server.server_close()


def test_an_index_serves_packages_with_and_without_hashes(start: Start, job: dict[str, Any], index: str) -> None:
    run = start(job)
    assert run.swap()["type"] == "done"
    assert (Path(job["target"]) / "helper.py").read_text() == "x = 1\n"
    assert left_over(job) == []


def test_a_package_with_another_hash_is_refused(start: Start, job: dict[str, Any], index: str) -> None:
    pins = Path(job["groups"][0]["files"][0])
    pins.write_text(f"helper==1.0 --hash=sha256:{'0' * 64}\n")
    assert start(job).swap()["code"] == "hash"
    assert left_over(job) == []


def test_a_broken_download_keeps_what_is_whole_for_the_next_attempt(
    start: Start, job: dict[str, Any], index: str
) -> None:
    Index.broken = {"torch-2.13.0-py3-none-any.whl"}
    last = start(job).swap()
    assert last["code"] == "network", last
    part = Path(f"{job['target']}.part")
    assert [p.name for p in part.rglob("*.whl")] == ["helper-1.0-py3-none-any.whl"]
    assert not Path(job["target"]).exists()
    Index.broken = set()
    assert start(job).swap()["type"] == "done"
    assert left_over(job) == []


def test_no_connection_is_told_as_such(start: Start, job: dict[str, Any], index: str) -> None:
    for group in job["groups"]:
        group["index"] = "http://127.0.0.1:9/"
    last = start(job).swap()
    assert last["code"] == "network"


# ------------------------------------------------------------ parts


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "no_space"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash"),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution",
            "network",
        ),
        ("ERROR: Wheel 'torch' located at /x/torch-1-py3-none-any.whl is invalid.", "damaged_wheel"),
        ("ERROR: No matching distribution found for torch==9", "wrong_wheels"),
        ("something else", "pip"),
        ("", "pip"),
    ],
)
def test_what_pip_says_is_put_into_words(output: str, code: str) -> None:
    failure = pip_runs.explain(output, "/wheels")
    assert failure.code == code
    assert failure.message and failure.hint


def test_requirements_lose_hashes_and_the_label_of_a_build() -> None:
    text = "torch==2.13.0+cpu\nnet-x==3.6 ; python_version < '3' \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n"
    assert wheels.pinned([text]) == ["torch==2.13.0", "net-x==3.6 ; python_version < '3'"]


def test_only_wheels_of_the_wanted_versions_count(tmp_path: Path) -> None:
    for name in ("net_x-3.6-py3-none-any.whl", "net_x-3.7-py3-none-any.whl", "torch-2.13.0+cu130-cp311.whl", "x.whl"):
        (tmp_path / name).write_bytes(b"")
    found = wheels.wheels_for(tmp_path, ["torch==2.13.0", "Net.X==3.6 ; python_version > '3'"])
    assert [p.name for p in found] == ["net_x-3.6-py3-none-any.whl", "torch-2.13.0+cu130-cp311.whl"]


def test_without_a_pip_of_its_own_a_python_uses_a_wheel_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_runs.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(pip_runs.sysconfig, "get_config_var", lambda name: None)
    with pytest.raises(Failure, match="has no pip"):
        pip_runs.pip_command(str(tmp_path))
    (tmp_path / "pip-24.0-py3-none-any.whl").write_bytes(b"")
    assert pip_runs.pip_command(str(tmp_path))[-1] == str(tmp_path / "pip-24.0-py3-none-any.whl" / "pip")


def test_a_folder_in_use_is_tried_again_and_then_told(
    job: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installer, "_SWAP_ATTEMPTS", 2)
    made = installer.Installer(job, lambda kind, **fields: None)
    with pytest.raises(Failure, match="not there can't be renamed"):
        made._rename(tmp_path / "not there", tmp_path / "x")
    made.cancelled.set()
    with pytest.raises(Cancelled):
        made._rename(tmp_path / "not there", tmp_path / "x")
