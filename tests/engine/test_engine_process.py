"""The add-on's side of the conversation: real child processes, well and badly behaved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest
from plain_addon import ROOT, addon_module
from tiny_wheels import TORCH

from engine import native
from engine.protocol import PROTOCOL
from engine.take import Take

client = addon_module("engine_process")
WAIT_S = 30.0
posix = pytest.mark.skipif(os.name != "posix", reason="signals and file limits of POSIX")

Spawn = Callable[..., Any]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Makes a started engine process: the real engine, or a Python script in its place."""
    made = []

    def start(script: str = "", command: list[str] | None = None, pack: str | Path = "") -> Any:
        log = tmp_path / "Protokoll ü" / "engine.log"
        if script:
            command = [sys.executable, "-c", textwrap.dedent(script)]
        env = client.engine_environment(ROOT, tmp_path / "cache", pack=pack)
        engine = client.EngineProcess(command or client.engine_command(sys.executable, log), env, log)
        made.append(engine)
        engine.start()
        return engine

    yield start
    for engine in made:
        engine.stop(timeout=0.5)


def messages_until(engine: Any, *types: str) -> list[dict[str, Any]]:
    """Everything that comes up to a message of one of these types."""
    received: list[dict[str, Any]] = []
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        received += engine.poll()
        if any(m["type"] in types for m in received):
            return received
        time.sleep(0.005)
    raise AssertionError(f"no {types} came, only {received}")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(pid)


def test_the_real_engine_answers_hello_and_makes_a_take(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn()
    assert engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["protocol"] == PROTOCOL
    path = tmp_path / "ein Ordner mit Größe" / "手 1.npz"
    path.parent.mkdir()
    stages: list[str] = []
    number = engine.request("generate", text="Hello, Anna.", output=str(path))
    result = engine.wait(number, WAIT_S, lambda m: stages.append(m["stage"]))
    assert result["type"] == "result", result
    assert Take.load(path).text == "Hello, Anna."
    assert len(stages) > 3
    engine.stop()
    assert engine.exit_code == 0
    assert not engine.alive


def test_bad_input_is_answered_and_the_next_request_works(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn()

    def answer(**fields: Any) -> dict[str, Any]:
        request = {"text": "Hello.", "output": str(tmp_path / "x.npz"), **fields}
        return engine.wait(engine.request("generate", **request), WAIT_S)

    for fields, code, fix in [
        ({"text": ""}, "empty_text", "edit_text"),
        ({"text": "x" * 10_000}, "text_too_long", "edit_text"),
        ({"text": "🚀"}, "nothing_to_sign", "edit_text"),
        ({"text": "שלום עולם"}, "nothing_to_sign", "edit_text"),
        ({"gloss": "HELO"}, "gloss_line", "edit_text"),
        ({"language": "Klingon"}, "unknown_language", "choose_language"),
        ({"method": "magic"}, "unknown_method", "choose_method"),
        ({"output": str(tmp_path / "none" / "x.npz")}, "output_folder_missing", "choose_folder"),
        ({"body_model": str(tmp_path / "missing.npz")}, "body_model", "load_body"),
    ]:
        error = answer(**fields)
        assert (error["type"], error.get("code"), error.get("fix")) == ("error", code, fix)
        assert error["hint"]
    mixed = answer(text="Hello мир 😊 שלום")
    assert mixed["type"] == "result"
    assert len(mixed["warnings"]) == 2


def test_cancelling_ends_a_long_take_soon(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn()
    number = engine.request("generate", text="Hello my friend. " * 110, output=str(tmp_path / "x.npz"))
    messages_until(engine, "progress")
    engine.cancel(number)
    began = time.monotonic()
    error = engine.wait(number, WAIT_S)
    assert error.get("code") == "cancelled"
    assert time.monotonic() - began < 5.0
    assert not list(tmp_path.glob("*.npz*"))


def test_an_engine_killed_in_the_middle_is_told_and_can_be_started_again(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn()
    number = engine.request("generate", text="Hello my friend. " * 110, output=str(tmp_path / "x.npz"))
    messages_until(engine, "progress")
    os.kill(engine.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    died = messages_until(engine, "died")[-1]
    assert died["requests"] == [number]
    assert died["exit_code"] == engine.exit_code != 0
    assert any("Engine" in line for line in died["log"])
    assert not engine.alive
    assert engine.poll() == []
    engine.start()
    number = engine.request("generate", text="Hello.", output=str(tmp_path / "y.npz"))
    assert engine.wait(number, WAIT_S)["type"] == "result"


def test_an_engine_that_cannot_begin_says_why_in_its_last_lines(spawn: Spawn) -> None:
    engine = spawn("import sys; sys.exit('no module named what I need')")
    died = messages_until(engine, "died")[-1]
    assert died["exit_code"] == 1
    assert any("no module named what I need" in line for line in died["log"])


@pytest.mark.parametrize("garbage", ["'Hello from a print'", "'\\x00\\x00\\x00\\x02[]'"])
def test_garbage_from_the_engine_ends_it(spawn: Spawn, garbage: str) -> None:
    engine = spawn(f"import time; print({garbage}, end='', flush=True); time.sleep(60)")
    pid = engine.pid
    died = messages_until(engine, "died")[-1]
    assert "can't be read" in died["reason"]
    assert gone_within(pid, 2.0)


def test_what_came_before_the_death_is_not_lost(spawn: Spawn) -> None:
    engine = spawn("""
        import os
        from engine.protocol import encode
        os.write(1, encode({"type": "result", "id": 1}) * 3)
    """)
    kinds = [m["type"] for m in messages_until(engine, "died")]
    assert kinds == ["result", "result", "result", "died"]


def test_nothing_blocks_while_the_engine_neither_reads_nor_writes(spawn: Spawn) -> None:
    engine = spawn("import time; time.sleep(60)")
    took = []
    for _ in range(100):
        began = time.perf_counter()
        engine.request("generate", text="x" * 20_000, output="")
        assert engine.poll() == []
        took.append(time.perf_counter() - began)
    assert sorted(took)[90] < 0.02


def test_polling_keeps_to_its_budget_when_much_arrives(spawn: Spawn) -> None:
    engine = spawn("""
        import os
        from engine.protocol import encode
        frame = encode({"type": "progress", "id": 1, "stage": "x", "fraction": 0.5}) * 100
        while True:
            os.write(1, frame)
    """)
    messages_until(engine, "progress")
    took = []
    for _ in range(50):
        time.sleep(0.005)
        began = time.perf_counter()
        engine.poll(0.002)
        took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.02


def test_waiting_ends_with_the_time_or_with_the_engine(spawn: Spawn) -> None:
    engine = spawn("import time; time.sleep(60)")
    with pytest.raises(TimeoutError):
        engine.wait(engine.request("hello", protocol=PROTOCOL), 0.1)
    engine.stop(timeout=0.1)
    with pytest.raises(client.EngineGone):
        engine.wait(1, 1.0)
    dying = spawn("import time; time.sleep(0.2)")
    with pytest.raises(client.EngineGone, match="ended"):
        dying.wait(dying.request("hello", protocol=PROTOCOL), WAIT_S)


def test_stopping_an_engine_that_does_not_listen_kills_it(spawn: Spawn) -> None:
    engine = spawn("import time; time.sleep(60)")
    pid = engine.pid
    began = time.monotonic()
    engine.stop(timeout=0.3)
    assert time.monotonic() - began < 2.0
    assert gone_within(pid, 1.0)


def test_a_command_that_is_not_there_is_an_error(spawn: Spawn) -> None:
    with pytest.raises(client.EngineGone, match="couldn't be started"):
        spawn(command=["/no/such/python"])


def test_nothing_can_be_asked_of_an_engine_that_does_not_run(tmp_path: Path) -> None:
    engine = client.EngineProcess(["x"], {}, tmp_path / "engine.log")
    assert engine.poll() == []
    engine.stop()
    with pytest.raises(client.EngineGone):
        engine.request("hello", protocol=PROTOCOL)


def test_prints_inside_the_engine_do_not_reach_the_pipe(spawn: Spawn) -> None:
    engine = spawn("""
        import os, sys
        from engine import server, serving
        describe = server.description
        def noisy(*given):
            print("from Python")
            os.write(1, b"from C")
            os.system("echo from a child")
            return describe(*given)
        server.description = noisy
        sys.exit(serving.serve())
    """)
    assert engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["type"] == "hello"
    assert "from C" in engine.stderr_path.read_text()


def test_a_log_that_cannot_be_written_does_not_keep_the_engine_from_working(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn(command=client.engine_command(sys.executable, tmp_path / "no" / "such" / "engine.log"))
    assert engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["type"] == "hello"
    engine.stop()
    assert "can't be written" in engine.stderr_path.read_text()


@posix
def test_a_disk_that_fills_up_is_told_and_the_engine_goes_on(spawn: Spawn, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    engine = spawn(command=["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *client.engine_command(sys.executable, log)])
    number = engine.request("generate", text="Hello my good friend Anna. " * 5, output=str(tmp_path / "x.npz"))
    error = engine.wait(number, WAIT_S)
    assert error.get("code") == "disk_full", error
    assert not list(tmp_path.glob("x.npz*"))
    assert engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["type"] == "hello"


@posix
@pytest.mark.parametrize("sibling", [False, True])
def test_the_engine_ends_with_its_parent(tmp_path: Path, sibling: bool) -> None:
    """Even when another child of the parent lives on and keeps the engine's input open."""
    parent = f"""
        import os, subprocess, sys
        engine = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        from engine.protocol import PROTOCOL, encode
        engine.stdin.write(encode(dict(type="hello", id=1, protocol=PROTOCOL)))
        engine.stdin.flush()
        engine.stdout.read(4)
        other = 0
        if {sibling}:
            keeps = dict(pass_fds=[engine.stdin.fileno()], stdout=subprocess.DEVNULL)
            other = subprocess.Popen(["sleep", "20"], **keeps).pid
        print(engine.pid, other, flush=True)
        sys.stdin.read()
        os._exit(1)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=client.engine_environment(ROOT, tmp_path / "cache"),
    )
    assert process.stdin
    assert process.stdout
    engine, other = map(int, process.stdout.readline().split())
    assert is_running(engine)
    process.stdin.close()
    process.wait(WAIT_S)
    process.stdout.close()
    try:
        assert gone_within(engine, 10.0)
    finally:
        if other:
            os.kill(other, signal.SIGKILL)


def test_the_environment_keeps_blenders_python_out(tmp_path: Path) -> None:
    base = {"PYTHONHOME": "/blender/python", "PYTHONPATH": "/elsewhere", "PATH": "/bin", "LANG": "de_DE"}
    env = client.engine_environment("/zip root", tmp_path, base)
    assert "PYTHONHOME" not in env
    assert env["PYTHONPATH"].split(os.pathsep) == [str(Path("/zip root")), str(Path("/zip root/runtime"))]
    assert (env["PATH"], env["LANG"], env["PYTHONUTF8"]) == ("/bin", "de_DE", "1")
    assert env["PYTHONPYCACHEPREFIX"] == str(tmp_path)
    assert int(env["OMP_NUM_THREADS"]) >= 1


def test_a_file_in_the_current_folder_does_not_shadow_the_engine(
    spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("engine.py", "numpy.py", "logging.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    engine = spawn()
    assert engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["type"] == "hello"


@posix
def test_writing_to_an_engine_that_is_gone_does_not_end_a_host_that_keeps_sigpipe_at_its_default() -> None:
    host = f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT / "tests" / "engine")!r})
        from plain_addon import addon_module
        pipes = addon_module("pipes")
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        reader, writer = os.pipe()
        os.close(reader)
        for _ in range(3):
            try:
                pipes.write_available(writer, b"x")
            except pipes.PipeClosed:
                print("closed")
        assert signal.SIGPIPE not in signal.sigpending()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(host)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["closed"] * 3


# ------------------------------------------------------------ packs


def make_pack(folder: Path, torch: str, **changed: Any) -> Path:
    """A pack whose PyTorch is these lines."""
    (folder / "torch").mkdir(parents=True)
    (folder / "torch/__init__.py").write_text(torch)
    (folder / "torch/version.py").write_text("cuda = None\n")
    (folder / "torch-9.9.dist-info").mkdir()
    (folder / "torch-9.9.dist-info/METADATA").write_text("Name: torch\nVersion: 9.9\n")
    (folder / native.PACK_FILE).write_text(json.dumps({"name": folder.name, "python": native.TAG, **changed}))
    return folder


def runtime_of(engine: Any) -> dict[str, str]:
    return engine.wait(engine.request("hello", protocol=PROTOCOL), WAIT_S)["runtime"]


def test_an_engine_with_a_pack_says_so_and_tries_it_only_once(spawn: Spawn, tmp_path: Path) -> None:
    counted = TORCH.format(version="9.9") + f"open({str(tmp_path / 'loads')!r}, 'a').write('x')\n"
    pack = make_pack(tmp_path / "mi pack ñ", counted)
    for _ in range(2):
        assert runtime_of(spawn(pack=pack))["label"] == "PyTorch 9.9 (CPU)"
    assert (tmp_path / "loads").read_text() == "x"


@pytest.mark.parametrize(
    ("torch", "changed", "reason"),
    [
        ("raise ImportError('libbroken.so: no such file')", {}, "libbroken.so"),
        ("raise SystemError('a driver of another age')", {}, "another age"),
        ("", {}, "zeros"),
        ("", {"python": "cp27"}, "was made for Python 2.7"),
    ],
)
def test_an_engine_whose_pack_is_of_no_use_says_why(
    spawn: Spawn, tmp_path: Path, torch: str, changed: dict[str, str], reason: str
) -> None:
    runtime = runtime_of(spawn(pack=make_pack(tmp_path / "torch-cpu", torch, **changed)))
    assert reason in runtime["note"]
    assert "Remove the pack and install it again" in runtime["note"]
    assert not runtime["label"].startswith("PyTorch 9.9")


def test_an_engine_whose_pack_is_of_no_use_goes_on_without(spawn: Spawn, tmp_path: Path) -> None:
    engine = spawn(pack=make_pack(tmp_path / "torch-cpu", "raise ImportError"))
    answer = engine.wait(engine.request("generate", text="Hello.", output=str(tmp_path / "x.npz")), WAIT_S)
    assert answer["type"] == "result"


def test_a_pack_that_is_gone_is_told(spawn: Spawn, tmp_path: Path) -> None:
    assert "isn't there" in runtime_of(spawn(pack=tmp_path / "none"))["note"]


def test_the_engine_inherits_no_pack_and_sends_no_usage_data(tmp_path: Path) -> None:
    env = client.engine_environment(ROOT, tmp_path, base={"SIGNWRIGHT_PACK": "/elsewhere"})
    assert env["SIGNWRIGHT_PACK"] == ""
    assert env["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.parametrize("there", [True, False])
def test_compiled_packages_come_from_the_folder_of_the_running_python(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "runtime" / (native.TAG if there else "cp27")
    suffix = EXTENSION_SUFFIXES[0]
    (folder / "onnxruntime/capi").mkdir(parents=True)
    (folder / f"onnxruntime/capi/onnxruntime_pybind11_state{suffix}").write_bytes(b"")
    code = (
        "import sys; from pathlib import Path; from engine import native;"
        f"native.add_packages('', Path({str(tmp_path / 'runtime')!r})); print(native.note()); print(*sys.path, sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    note, path = done.stdout.split("\n")[:2]
    assert (str(folder) in path.split("|")) == there
    assert ("brings no ONNX Runtime for Python" in note) != there
