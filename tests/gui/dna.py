"""Reading Blender's own structures where its Python has no name for them: where panels are, and whether they are open.

Every .blend holds a description of Blender's structures ("DNA"), with which other versions read it: the names, sizes
and members of all of them. By this, members are found in the memory of the Blender that wrote it, whatever its version.
Nothing is ever written there.
"""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_POINTER_SIZE = 8
_FORMATS = {"int": "i", "short": "h", "char": "B", "uchar": "B", "float": "f", "uint64_t": "Q"}
_NAME = re.compile(r"[(*]*(\w+)[^\[]*((?:\[\d+\])*)")


@dataclass(frozen=True)
class Member:
    """Where a member lies in its structure: bytes from its beginning, its type, and how many there are of it."""

    offset: int
    type: str
    count: int
    is_pointer: bool


class Dna:
    """The structures of one version of Blender."""

    def __init__(self, blend: Path) -> None:
        """Read them from a .blend that isn't compressed. Raises `ValueError` when there are none in it."""
        data = blend.read_bytes()
        start = data.find(b"SDNANAME")
        if start < 0:
            raise ValueError(f"{blend} holds no description of Blender's structures.")
        self._data, self._at = data, start + 4
        names = self._strings("NAME")
        types = self._strings("TYPE")
        sizes = self._numbers("TLEN", len(types))
        self._sizes = dict(zip(types, sizes, strict=True))
        self._structs = dict(self._read_structs(names, types))

    def __getitem__(self, struct_name: str) -> dict[str, Member]:
        return self._structs[struct_name]

    def _mark(self, tag: str) -> None:
        self._at = self._data.index(tag.encode(), self._at) + 4

    def _numbers(self, tag: str, count: int) -> tuple[int, ...]:
        self._mark(tag)
        values = struct.unpack_from(f"<{count}H", self._data, self._at)
        self._at += 2 * count
        return values

    def _strings(self, tag: str) -> list[str]:
        self._mark(tag)
        (count,) = struct.unpack_from("<I", self._data, self._at)
        self._at += 4
        found = []
        for _ in range(count):
            end = self._data.index(b"\0", self._at)
            found.append(self._data[self._at : end].decode())
            self._at = end + 1
        return found

    def _read_structs(self, names: list[str], types: list[str]) -> Iterator[tuple[str, dict[str, Member]]]:
        self._mark("STRC")
        (count,) = struct.unpack_from("<I", self._data, self._at)
        self._at += 4
        for _ in range(count):
            kind, members = struct.unpack_from("<2H", self._data, self._at)
            pairs = struct.unpack_from(f"<{2 * members}H", self._data, self._at + 4)
            self._at += 4 + 4 * members
            fields = [(types[t], names[n]) for t, n in zip(pairs[::2], pairs[1::2], strict=True)]
            yield types[kind], self._members(fields)

    def _members(self, fields: list[tuple[str, str]]) -> dict[str, Member]:
        found, offset = {}, 0
        for kind, name in fields:
            match = _NAME.match(name)
            assert match is not None, name
            count = 1
            for length in re.findall(r"\d+", match[2]):
                count *= int(length)
            is_pointer = name[0] in "(*"
            found[match[1]] = Member(offset, kind, count, is_pointer)
            offset += count * (_POINTER_SIZE if is_pointer else self._sizes[kind])
        return found


@dataclass(frozen=True)
class Struct:
    """A structure in this process's memory. `record.member` is a number, a text, a `Struct` or `None`."""

    dna: Dna
    type: str
    address: int

    def __getattr__(self, name: str) -> Any:
        member = self.dna[self.type][name]
        at = self.address + member.offset
        if member.is_pointer:
            (target,) = struct.unpack("<Q", ctypes.string_at(at, _POINTER_SIZE))
            return Struct(self.dna, member.type, target) if target else None
        if member.type == "char" and member.count > 1:
            return ctypes.string_at(at, member.count).split(b"\0")[0].decode()
        if member.type in _FORMATS:
            layout = "<" + _FORMATS[member.type]
            return struct.unpack(layout, ctypes.string_at(at, struct.calcsize(layout)))[0]
        return Struct(self.dna, member.type, at)

    def items(self, name: str, kind: str) -> Iterator[Struct]:
        """The records of a list, which are of that type and linked by `next`."""
        first = getattr(self, name).first
        item = None if first is None else Struct(self.dna, kind, first.address)
        while item is not None:
            yield item
            item = item.next
