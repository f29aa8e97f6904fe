"""Reading from and writing to a child's pipes without ever blocking, on POSIX and on Windows. No bpy."""

from __future__ import annotations

import errno
import os
import signal
import sys

_CHUNK = 1 << 16


class PipeClosed(Exception):
    """The other end is gone: nothing more can be read or written."""


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.PeekNamedPipe.argtypes = [
        wintypes.HANDLE,
        ctypes.c_void_p,
        wintypes.DWORD,
        ctypes.c_void_p,
        ctypes.POINTER(wintypes.DWORD),
        ctypes.c_void_p,
    ]
    _kernel32.SetNamedPipeHandleState.argtypes = [
        wintypes.HANDLE,
        ctypes.POINTER(wintypes.DWORD),
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    _PIPE_NOWAIT = 1

    def prepare_reader(fd: int) -> None:
        """Windows peeks before it reads, so the pipe itself may stay as it is."""

    def prepare_writer(fd: int) -> None:
        """Make writes return at once when the pipe is full; anonymous pipes take named pipes' modes."""
        mode = wintypes.DWORD(_PIPE_NOWAIT)
        handle = msvcrt.get_osfhandle(fd)
        if not _kernel32.SetNamedPipeHandleState(handle, ctypes.byref(mode), None, None):
            raise ctypes.WinError(ctypes.get_last_error())

    def read_available(fd: int) -> bytes:
        """What lies in the pipe now, perhaps nothing. Raises `PipeClosed` at its end."""
        waiting = wintypes.DWORD(0)
        handle = msvcrt.get_osfhandle(fd)
        if not _kernel32.PeekNamedPipe(handle, None, 0, None, ctypes.byref(waiting), None):
            raise PipeClosed
        if not waiting.value:
            return b""
        return os.read(fd, min(waiting.value, _CHUNK))

    def write_available(fd: int, data: bytes | bytearray) -> int:
        """Write what fits now and return how many bytes that was. Raises `PipeClosed`."""
        try:
            return os.write(fd, data[:_CHUNK])
        except OSError as e:
            # a pipe in NOWAIT mode takes nothing at all when the data doesn't fit; the C runtime calls that ENOSPC
            if e.errno in (errno.ENOSPC, errno.EAGAIN):
                return 0
            raise PipeClosed from e

else:

    def prepare_reader(fd: int) -> None:
        """Make reads return at once when nothing is there."""
        os.set_blocking(fd, False)

    def prepare_writer(fd: int) -> None:
        """Make writes return at once when the pipe is full."""
        os.set_blocking(fd, False)

    def read_available(fd: int) -> bytes:
        """What lies in the pipe now, perhaps nothing. Raises `PipeClosed` at its end."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as e:
            raise PipeClosed from e
        if not data:
            raise PipeClosed
        return data

    def write_available(fd: int, data: bytes | bytearray) -> int:
        """Write what fits now and return how many bytes that was. Raises `PipeClosed`.

        A host that embeds Python may leave SIGPIPE at its default, which would end the host when the
        child is gone; so the signal is held back during the write and taken away.
        """
        held = signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE}) if held else set()
        try:
            return os.write(fd, data[:_CHUNK])
        except BlockingIOError:
            return 0
        except OSError as e:
            raise PipeClosed from e
        finally:
            if held:
                if signal.SIGPIPE in signal.sigpending() and signal.SIGPIPE not in before:
                    signal.sigwait({signal.SIGPIPE})
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
