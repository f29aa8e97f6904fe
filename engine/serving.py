"""The engine's process: its pipes, its log, its end."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import os
import sys

from . import __version__, native
from .server import Server

log = logging.getLogger("engine")

_LOG_BYTES, _LOG_FILES = 1 << 20, 3


def serve(log_path: str = "") -> int:
    """Serve on standard input and output until the input ends; the exit code."""
    if sys.stdin is None or sys.stdin.isatty():
        sys.stderr.write("`serve` is for programs: it speaks a binary protocol on its pipes. See `generate --help`.\n")
        return 2
    _set_up_log(log_path)
    reader, writer = _claim_pipes()
    faulthandler.enable()
    log.info("Engine %s, Python %s, process %d", __version__, sys.version.split()[0], os.getpid())
    if native.note():
        log.warning("%s", native.note())
    server = Server(reader, writer, log_path)
    code = server.run()
    log.info("The engine ends.")
    logging.shutdown()
    if not server.idle:
        os._exit(code)  # the worker is in a long call: nobody waits for its result any more
    return code


def _claim_pipes() -> tuple[int, int]:
    """Take standard input and output away for the protocol, so that no print can get in between."""
    reader, writer = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (reader, writer):
            msvcrt.setmode(fd, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reader, writer


def _set_up_log(path: str) -> None:
    handler: logging.Handler = logging.StreamHandler()
    problem = ""
    if path:
        try:
            handler = logging.handlers.RotatingFileHandler(
                path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
            )
        except OSError as e:
            problem = f"The log can't be written to {path}: {e.strerror}"
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # a full disk must not fill the error output with tracebacks of the log itself
    if problem:
        log.warning("%s", problem)
