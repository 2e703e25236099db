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
        path: the file; None means the one that the command line uses: the one that CONVO_SYNC_ARCHIVE, config.toml or
            the platform names.

    Raises:
        ConfigurationError: config.toml has to be asked, and cannot be read.
        ArchiveMissing: there is no such file.
        ArchiveUnfit: it is not an archive, or of a version that this program cannot read.
    """
    from pathlib import Path

    from convo_sync.archive.read import Reader
    from convo_sync.places import config_file

    return Reader(Path(path if path is not None else archive_in_use(config_file())))


def archive_in_use(configuration: str) -> str:
    """The archive that the environment, the configuration at that path or else the platform names.

    Raises:
        ConfigurationError: the configuration has to be asked, and cannot be read.
    """
    from convo_sync.places import archive_file

    if not os.environ.get("CONVO_SYNC_ARCHIVE") and _may_name_an_archive(configuration):
        from pathlib import Path

        from convo_sync.config import archive_named

        named = archive_named(Path(configuration))
        if named is not None:
            return str(named)
    return archive_file()


def _may_name_an_archive(configuration: str) -> bool:
    """Whether a look by the slow TOML parser is worth it: the word stands somewhere outside a comment."""
    try:
        with open(configuration, "rb") as file:
            return any(b"archive" in line.partition(b"#")[0] for line in file)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # it will say what is wrong
