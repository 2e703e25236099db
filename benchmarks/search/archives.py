"""The archives that are searched, kept between runs as long as what they were made of and by is the same.

Must not know what is measured.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.children import ROOT, environment, module
from benchmarks.search import lines, rivals


def archive(folder: Path, meetings: Path, copies: int) -> Path:
    """An archive of so many copies of the meetings: the one in `folder`, or a new one there.

    Raises:
        RuntimeError: it could not be filled.
    """
    path, made_of = folder / f"copies-{copies}.db", lines.digest(meetings)
    note = path.with_suffix(".json")
    if not (path.exists() and note.exists() and _holds(note, made_of)):
        for old in (note, *folder.glob(f"{path.name}-*")):  # a log of changes must not meet another file
            old.unlink(missing_ok=True)
        rivals.forget(path)
        by = _filled(path, meetings, copies)
        note.write_text(json.dumps({"meetings": made_of, "by": by}, indent=1), encoding="utf-8")
    return path


def _holds(note: Path, made_of: str) -> bool:
    kept = json.loads(note.read_text(encoding="utf-8"))
    return kept["meetings"] == made_of and all(_is_as_it_was(ROOT / name, was) for name, was in kept["by"].items())


def _is_as_it_was(file: Path, was: str) -> bool:
    return file.exists() and lines.digest(file) == was


def _filled(path: Path, meetings: Path, copies: int) -> dict[str, str]:
    """Fill it in a process of its own, which can tell what had a part in it; the digests of those files."""
    partial = path.with_suffix(".partial")
    for file in path.parent.glob(f"{partial.name}*"):
        file.unlink()
    arguments = [*module("benchmarks.search.filling"), str(meetings), str(copies), str(partial)]
    # Its own output is progress alone.
    done = subprocess.run(arguments, cwd=ROOT, env=environment(path.parent), check=False)
    if done.returncode:
        raise RuntimeError(f"the archive of {copies} copies could not be filled")
    by: dict[str, str] = json.loads(partial.with_name(f"{partial.name}.json").read_text(encoding="utf-8"))
    partial.with_name(f"{partial.name}.json").unlink()
    partial.rename(path)
    return by
