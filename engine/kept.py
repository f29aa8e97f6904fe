"""What takes long to load and is soon needed again. Standard library only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The things that were asked for last, at most so many. One is made at a time, so that none is made twice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._there: OrderedDict[Hashable, T] = OrderedDict()
        self._making = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of a key, made when it isn't there. Raises what `make` raises."""
        with self._making:
            if key not in self._there:
                self._there[key] = make()
            self._there.move_to_end(key)
            while len(self._there) > self._most:
                self._there.popitem(last=False)
            return self._there[key]

    def clear(self) -> None:
        """Let go of all."""
        with self._making:
            self._there.clear()
