"""A token bucket: so many at once, then so many a second. Knows nothing of what it limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic


class Bucket:
    """`capacity` tokens at first, and `per_second` more until it is full again. Many threads may take from it."""

    def __init__(self, capacity: float, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        self._capacity, self._per_second, self._clock = capacity, per_second, clock
        self._tokens, self._at = capacity, clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one token; False where there is none."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._capacity, self._tokens + max(0.0, now - self._at) * self._per_second)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
