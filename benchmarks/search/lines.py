"""Files of JSON, one object a line, compressed or not. Must not know what the objects are."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read(path: Path) -> Sequence[dict[str, Any]]:
    """All objects of a file, in its order.

    Raises:
        OSError: there is no such file.
        ValueError: it holds something else.
    """
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
