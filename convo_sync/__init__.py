"""convo-sync: a local, searchable archive of the meetings that Convo recorded.

from convo_sync import open_archive

with open_archive() as archive:
    for hit in archive.search("pricing", limit=10, kinds=("transcript",)).hits:
        print(hit.title, hit.text)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convo_sync.archive.read import Reader

__version__ = "0.1.0"
__all__ = ["__version__", "open_archive"]


def open_archive(path: str | os.PathLike[str] | None = None) -> Reader:
    """Open an archive for reading; it needs no key and no network, and never waits for a running sync.

    Args:
        path: the file; None means the one that the command line uses.

    Raises:
        ArchiveMissing: there is no such file.
        ArchiveUnfit: it is not an archive, or of a version that this program cannot read.
    """
    from pathlib import Path

    from convo_sync.archive.read import Reader
    from convo_sync.places import archive_path

    return Reader(Path(path) if path is not None else archive_path())
