"""Storage methods under limits that a process cannot give back: each run in a process of its own, told as JSON.

python -m tests.archive.child file-limit ARCHIVE METHOD=COPY...
python -m tests.archive.child other-user UID ARCHIVE COPY
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from convo_sync.archive.write import Archive
from convo_sync.errors import ConvoSyncError

from .storage import NOW, WRITING, asked

SMALLEST_FILE = 64 * 1024  # the shared memory of the WAL has to fit


def told(call: Callable[[], object]) -> list[str]:
    """The class, sentence and next step of what it raised; nothing where it raised nothing."""
    try:
        call()
    except ConvoSyncError as error:
        return [type(error).__name__, error.message, error.next_step, str(error.exit_code)]
    return []


def file_limit(copies: dict[str, Path]) -> dict[str, list[str]]:
    """Each writing method on a copy whose files may grow no further."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    found = {}
    for name, copy in copies.items():
        with Archive(copy, NOW) as archive:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALLEST_FILE, hard))
            found[name] = told(lambda archive=archive, name=name: WRITING[name](archive))  # type: ignore[misc]
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    return found


def other_user(uid: int, archive: Path, copy: Path) -> dict[str, object]:
    """Reading and opening for writing, as somebody who may not write into the folder."""
    before = asked(copy)  # as who we are, so that everything is imported when we are nobody
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    return {
        "same": asked(archive) == before,
        "writing": told(lambda: Archive(archive, NOW).close()),
        "files": sorted(os.listdir(archive.parent)),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "file-limit":
        pairs = [each.split("=", 1) for each in arguments]
        print(json.dumps(file_limit({name: Path(copy) for name, copy in pairs})))
    else:
        print(json.dumps(other_user(int(arguments[0]), Path(arguments[1]), Path(arguments[2]))))
