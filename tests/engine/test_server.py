"""The engine's side of the conversation, over real pipes, with generators made for the tests."""

from __future__ import annotations

import dataclasses
import errno
import os
import select
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import __version__
from engine.generators import registry
from engine.generators.base import EngineError, GenerateRequest, Report
from engine.protocol import PROTOCOL, Decoder, Message, encode
from engine.server import EXIT_GARBAGE, EXIT_OK, Server
from engine.take import PoseSequence, Take

WAIT_S = 10.0
posix = pytest.mark.skipif(os.name != "posix", reason="file names of POSIX")


def still(request: GenerateRequest) -> Take:
    """A take in which nothing moves."""
    sequence = PoseSequence(np.zeros((5, 165)), np.zeros((5, 3)), np.zeros((5, 22)), request.fps)
    return Take("still", request.text, request.language, request.method, sequence, warnings=("A note.",))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@dataclasses.dataclass
class Scripted:
    """A generator that does what its test says."""

    act: Callable[[GenerateRequest, Report], Take]
    name = "dictionary"
    label = "Scripted"
    description = "For tests"

    def languages(self) -> tuple[str, ...]:
        return ("ASL",)

    def warm(self, language: str, report: Report) -> None:
        report("warm", 0.0)

    def generate(self, request: GenerateRequest, report: Report) -> Take:
        return self.act(request, report)


class Client:
    """The other end of the pipes."""

    def __init__(self) -> None:
        server_in, self.to_server = os.pipe()
        self.from_server, server_out = os.pipe()
        self._decoder, self._received = Decoder(), []
        self.server = Server(server_in, server_out, "/somewhere/engine.log")
        self.code: int | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self.code = self.server.run()

    def send(self, **message: Any) -> None:
        os.write(self.to_server, encode(message))

    def receive(self, *types: str, number: int | None = None) -> Message:
        """The next message of one of these types (and of this id), others passed over."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            while self._received:
                message = self._received.pop(0)
                if message["type"] in types and number in (None, message["id"]):
                    return message
            if select.select([self.from_server], [], [], 0.1)[0]:
                self._received += self._decoder.feed(os.read(self.from_server, 65536))
        raise AssertionError(f"no {types} came")

    def hang_up(self) -> int | None:
        """Close the input and return the server's exit code."""
        if self.to_server >= 0:
            os.close(self.to_server)
            self.to_server = -1
        return self.ended()

    def ended(self) -> int | None:
        """The exit code, waiting for the end."""
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        return self.code


@pytest.fixture
def client() -> Iterator[Client]:
    c = Client()
    yield c
    c.hang_up()


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[GenerateRequest, Report], Take]], None]:
    """Makes the default method do what a function does."""

    def script(function: Callable[[GenerateRequest, Report], Take]) -> None:
        monkeypatch.setitem(registry._instances, registry.names()[0], Scripted(function))

    script(lambda request, report: still(request))
    return script


def until_cancelled(request: GenerateRequest, report: Report) -> Take:
    for _ in range(int(WAIT_S * 100)):
        report("waiting", 0.5)
        time.sleep(0.01)
    return still(request)


def test_hello_tells_what_the_engine_is_and_can(client: Client, act) -> None:
    client.send(type="hello", id=7, protocol=PROTOCOL)
    hello = client.receive("hello")
    assert (hello["id"], hello["version"], hello["protocol"]) == (7, __version__, PROTOCOL)
    assert hello["devices"][0]["id"] == "cpu"
    assert hello["devices"][0]["cores"] >= 1
    assert hello["methods"][0]["languages"] == ["ASL"]
    codes = {x["code"]: x["has_signs"] for x in hello["languages"]}
    assert len(codes) == 9
    assert codes["ASL"] is True
    assert all({"signs", "letters", "numbers", "grammar", "spoken_name"} <= x.keys() for x in hello["languages"])


@pytest.mark.parametrize(("asked", "loaded"), [("DGS", "DGS"), ("", "ASL"), ("XX", "ASL")])
def test_the_language_that_hello_names_is_loaded_first(
    client: Client, monkeypatch: pytest.MonkeyPatch, asked: str, loaded: str
) -> None:
    warmed: list[str] = []
    scripted = Scripted(lambda request, report: still(request))
    monkeypatch.setattr(scripted, "languages", lambda: ("ASL", "DGS"), raising=False)
    monkeypatch.setattr(scripted, "warm", lambda language, report: warmed.append(language), raising=False)
    monkeypatch.setitem(registry._instances, registry.names()[0], scripted)
    client.send(type="hello", id=1, protocol=PROTOCOL, language=asked)
    client.send(type="generate", id=2, text="a", language="ASL")
    client.receive("result", "error", number=2)
    assert warmed == [loaded]


def test_another_protocol_is_refused(client: Client) -> None:
    client.send(type="hello", id=1, protocol=PROTOCOL + 1)
    error = client.receive("error")
    assert error["code"] == "protocol_version"
    assert str(PROTOCOL + 1) in error["message"]


def test_generate_reports_progress_and_then_where_the_take_is(client: Client, act, tmp_path: Path) -> None:
    def make(request: GenerateRequest, report: Report) -> Take:
        report("first", 0.1)
        report("second", 0.5)
        return still(request)

    act(make)
    path = tmp_path / "Größe mit Leerzeichen 手.npz"
    client.send(type="generate", id=3, text="Hello.", output=str(path), fps=30)
    stages = [client.receive("progress")["stage"] for _ in range(4)]
    assert stages == ["Starting", "first", "second", "Writing"]
    result = client.receive("result")
    assert (result["id"], result["path"], result["warnings"]) == (3, str(path), ["A note."])
    assert result["frames"] == 5
    assert Take.load(path).sequence.fps == 30
    assert names_in(tmp_path) == [path.name]


def test_progress_is_not_sent_more_often_than_one_can_see(client: Client, act, tmp_path: Path) -> None:
    def make(request: GenerateRequest, report: Report) -> Take:
        for i in range(10_000):
            report("busy", i / 10_000)
        return still(request)

    act(make)
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    count = 0
    while client.receive("progress", "result")["type"] == "progress":
        count += 1
    assert count < 100


def test_requests_are_worked_off_in_their_order(client: Client, act, tmp_path: Path) -> None:
    for i in range(5):
        client.send(type="generate", id=i, text="Hello.", output=str(tmp_path / f"{i}.npz"))
    assert [client.receive("result")["id"] for _ in range(5)] == list(range(5))


def test_a_running_request_can_be_cancelled_and_the_next_one_runs(client: Client, act, tmp_path: Path) -> None:
    act(until_cancelled)
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "1.npz"))
    client.receive("progress")
    began = time.monotonic()
    client.send(type="cancel", id=2, target=1)
    error = client.receive("error")
    assert (error["id"], error["code"]) == (1, "cancelled")
    assert time.monotonic() - began < 0.5
    act(lambda request, report: still(request))
    client.send(type="generate", id=3, text="Hello.", output=str(tmp_path / "3.npz"))
    assert client.receive("result")["id"] == 3
    assert names_in(tmp_path) == ["3.npz"]


def test_a_waiting_request_can_be_cancelled(client: Client, act, tmp_path: Path) -> None:
    act(until_cancelled)
    for i in (1, 2):
        client.send(type="generate", id=i, text="Hello.", output=str(tmp_path / f"{i}.npz"))
    client.send(type="cancel", id=3, target=2)
    client.send(type="cancel", id=4, target=1)
    assert [client.receive("error")["id"] for _ in range(2)] == [1, 2]


def test_cancelling_what_is_not_there_does_nothing(client: Client, act, tmp_path: Path) -> None:
    for target in (99, None, "x", [1]):
        client.send(type="cancel", id=1, target=target)
    client.send(type="generate", id=2, text="Hello.", output=str(tmp_path / "x.npz"))
    assert client.receive("result", "error")["type"] == "result"


def test_an_error_for_the_user_arrives_with_hint_and_fix(client: Client, act, tmp_path: Path) -> None:
    def refuse(request: GenerateRequest, report: Report) -> Take:
        raise EngineError("no_language_data", "No signs.", "Choose another.", "choose_language")

    act(refuse)
    client.send(type="generate", id=1, text="Hallo.", output=str(tmp_path / "x.npz"))
    error = client.receive("error")
    assert {k: error[k] for k in ("id", "code", "message", "hint", "fix")} == {
        "id": 1,
        "code": "no_language_data",
        "message": "No signs.",
        "hint": "Choose another.",
        "fix": "choose_language",
    }


def test_an_unexpected_error_names_the_log_and_the_engine_goes_on(client: Client, act, tmp_path: Path) -> None:
    act(lambda request, report: 1 / 0)  # type: ignore[arg-type, return-value]
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    error = client.receive("error")
    assert (error["code"], error["fix"]) == ("internal", "open_log")
    assert "ZeroDivisionError" in error["message"]
    assert "/somewhere/engine.log" in error["hint"]
    act(lambda request, report: still(request))
    client.send(type="generate", id=2, text="Hello.", output=str(tmp_path / "x.npz"))
    assert client.receive("result", "error")["type"] == "result"


def test_too_little_memory_has_a_message_of_its_own(client: Client, act, tmp_path: Path) -> None:
    def eat(request: GenerateRequest, report: Report) -> Take:
        raise MemoryError

    act(eat)
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    assert client.receive("error")["code"] == "out_of_memory"


@pytest.mark.parametrize(
    "fields",
    [
        {"text": 5},
        {"speed": 0},
        {"speed": "fast"},
        {"fps": float("nan")},
        {"fps": 1e9},
        {"handedness": "both"},
        {"seed": 1.5},
        {"options": []},
        {"language": []},
        {"method": {}},
        {"name": 7},
        {"body_model": 7},
        {"output": ""},
        {"output": None},
        {"output": "a\0b"},
    ],
)
def test_wrong_fields_are_answered_by_an_error(client: Client, act, tmp_path: Path, fields: dict[str, Any]) -> None:
    client.send(**{"type": "generate", "id": 1, "text": "Hello.", "output": str(tmp_path / "x.npz"), **fields})
    assert client.receive("error", "result")["code"] == "bad_request"


def test_unknown_types_and_missing_ids_are_answered_by_an_error(client: Client) -> None:
    client.send(type="dance", id=1)
    assert client.receive("error")["code"] == "bad_request"
    client.send(type="hello", protocol=PROTOCOL)
    assert client.receive("error")["code"] == "bad_request"


def test_an_unknown_method_names_those_there_are(client: Client, tmp_path: Path) -> None:
    client.send(type="generate", id=1, text="Hello.", method="magic", output=str(tmp_path / "x.npz"))
    error = client.receive("error")
    assert (error["code"], error["fix"]) == ("unknown_method", "choose_method")
    assert "dictionary" in error["hint"]


# ---------------------------------------------------------------- where the take goes


@posix
def test_a_folder_whose_name_is_not_utf8_works(client: Client, act, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    client.send(type="generate", id=1, text="Hello.", output=str(folder / "x.npz"))
    result = client.receive("result", "error")
    assert result["type"] == "result", result
    assert names_in(folder) == ["x.npz"]


@pytest.mark.parametrize("name", ["x" * 300 + ".npz", "y" * 5000 + "/x.npz", "\ud800.npz", ".", "x.npz/y.npz"])
def test_impossible_file_names_are_told(client: Client, act, tmp_path: Path, name: str) -> None:
    (tmp_path / "x.npz").touch()
    client.send(type="generate", id=1, text="Hello.", output=f"{tmp_path}/{name}")
    error = client.receive("error")
    assert error["code"] in ("write_failed", "bad_request", "output_folder_missing")
    assert error["fix"] == "choose_folder"


def test_a_missing_folder_is_told_before_the_work(client: Client, act, tmp_path: Path) -> None:
    act(lambda request, report: pytest.fail("it worked for nothing"))
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "no such folder" / "x.npz"))
    error = client.receive("error")
    assert (error["code"], error["fix"]) == ("output_folder_missing", "choose_folder")


def test_a_folder_without_write_permission_is_told_before_the_work(
    client: Client, act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(lambda request, report: pytest.fail("it worked for nothing"))
    if os.name == "posix" and os.geteuid() != 0:
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    else:  # permissions don't bind the superuser

        def refuse(*args: Any, **kwargs: Any) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("engine.outputs.open", refuse, raising=False)
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    error = client.receive("error")
    tmp_path.chmod(stat.S_IRWXU)
    assert (error["code"], error["fix"]) == ("no_permission", "choose_folder")
    assert str(tmp_path) in error["message"]


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "no_permission"), (errno.EIO, "write_failed")]
)
def test_trouble_while_writing_is_told_and_leaves_nothing_behind(
    client: Client, act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("engine.take.os.replace", fail)
    (tmp_path / "x.npz").write_bytes(b"what was there")
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    error = client.receive("error")
    assert (error["code"], error["fix"]) == (code, "choose_folder")
    assert names_in(tmp_path) == ["x.npz"]
    assert (tmp_path / "x.npz").read_bytes() == b"what was there"


# ---------------------------------------------------------------- the end


def test_it_ends_with_its_input(client: Client) -> None:
    assert client.hang_up() == EXIT_OK


def test_it_ends_with_its_input_in_the_middle_of_work(client: Client, act, tmp_path: Path) -> None:
    act(until_cancelled)
    client.send(type="generate", id=1, text="Hello.", output=str(tmp_path / "x.npz"))
    client.receive("progress")
    began = time.monotonic()
    assert client.hang_up() == EXIT_OK
    assert time.monotonic() - began < 1.0
    assert client.server.idle


def test_bye_is_answered_and_ends_it(client: Client) -> None:
    client.send(type="bye", id=4)
    assert client.receive("bye")["id"] == 4
    assert client.ended() == EXIT_OK


@pytest.mark.parametrize("garbage", [b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\4nope", b"\0\0\0\2[]"])
def test_garbage_is_answered_by_an_error_and_ends_it(client: Client, garbage: bytes) -> None:
    os.write(client.to_server, garbage)
    error = client.receive("error")
    assert (error["code"], error["fix"]) == ("protocol", "restart_engine")
    assert client.ended() == EXIT_GARBAGE
