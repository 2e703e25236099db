"""The house holds: every file has a room, and imports what its room may, by the table in docs/design.md."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "convo_sync"
OUTSIDE = {
    "click",
    "httpx",
    "sqlite3",
    "sqlite_utils",
    "pydantic",
    "pydantic_core",
    "apscheduler",
    "keyring",
    "fcntl",
    "msvcrt",
    "tomllib",
}
FREE = {"typing_extensions", "httpcore"}
FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def lines() -> Iterator[tuple[str, str, set[str], set[str]]]:
    """The table's rows: floor, room, the rooms it may import, the libraries it owns."""
    for line in (ROOT / "docs" / "design.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and re.fullmatch(r"\d|beside", cells[0]):
            yield cells[0], cells[1], _names(cells[2]), _names(cells[3])


def table() -> dict[str, tuple[set[str], set[str]]]:
    """Room -> (rooms it may import, libraries it owns)."""
    return {room: (allowed, owned) for _, room, allowed, owned in lines()}


def _names(cell: str) -> set[str]:
    return {name.strip() for name in cell.split(",") if name.strip()}


def room_of(path: Path) -> str:
    """The room a file is in: its folder, or its own name."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def is_room(name: str) -> bool:
    """Whether convo_sync has such a file or folder (not a name from its __init__)."""
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they lead"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("convo_sync."):
            yield node.value


def test_the_table_names_every_room() -> None:
    """Each file or folder of the package stands in the table, and each row of the table exists."""
    rooms = {room_of(path) for path in FILES} - {"__init__", "__main__"}
    assert rooms == set(table())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_what_its_room_may(path: Path) -> None:
    """Imports point down: none reaches a room that the table does not allow."""
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    allowed, _ = table()[room]
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "convo_sync" and len(parts) > 1 and is_room(parts[1]):
            assert parts[1] == room or parts[1] in allowed, f"{room} may not import {parts[1]}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_library_has_one_owner(path: Path) -> None:
    """An outside library is imported by its owner alone, and none that is unknown by anybody."""
    owned = table().get(room_of(path), (set(), set()))[1]
    for module in imports(path):
        name = module.split(".")[0]
        if name in OUTSIDE:
            assert name in owned, f"{name} belongs to another room"
        else:
            known = name in sys.stdlib_module_names or name in FREE or name in ("convo_sync", "")
            assert known, f"{name} is in no row of the table"


def test_floors_are_in_order() -> None:
    """No room may import one of a higher floor, nor the simulator, save the doors."""
    floor = {room: int(number) for number, room, _, _ in lines() if number != "beside"}
    for room, (allowed, _) in table().items():
        for other in allowed:
            if other == "simulator":
                assert floor[room] == 4
            elif room in floor:
                assert floor[other] < floor[room] or floor[other] == floor[room] == 0 or (room, other) == (
                    "cli", "render",
                ) or (room, other) == ("credentials", "config"), f"{room} -> {other}"  # fmt: skip


def test_only_one_file_names_httpx_and_sqlite3() -> None:
    """Swapping the HTTP library, or the SQLite module, is a change of one file."""
    for library, owner in (("httpx", "client/http.py"), ("sqlite3", "archive/sqlite.py")):
        named = {
            str(path.relative_to(PACKAGE)) for path in FILES if library in {m.split(".")[0] for m in imports(path)}
        }
        assert named == {owner}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_names_say_something(path: Path) -> None:
    """No file is called utils, helpers, common, manager or misc, and none is longer than 340 lines."""
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc", "handler"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 340


def _reasons(path: Path) -> Iterator[str]:
    """The sentences that a command gives as a reason or a next step."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id[0].isupper():
            yield from (each for each in map(ast.unparse, node.args) if each.count(" ") > 3 and each[0] in "'\"f")


def test_what_a_command_says_is_said_in_one_place() -> None:
    """Expect no two commands to word the same reason each for itself: they share it."""
    told: dict[str, set[str]] = {}
    for path in sorted((PACKAGE / "cli").glob("*.py")):
        for reason in _reasons(path):
            told.setdefault(reason, set()).add(path.name)
    assert len(told) > 50
    assert {reason: names for reason, names in told.items() if len(names) > 1} == {}


def test_nothing_shares_a_meeting() -> None:
    """Sharing publishes a meeting. Only `client` can send anything, and it has neither the path nor the operation."""
    for path in FILES:
        if room_of(path) == "client":
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            words = {node.value for node in nodes if isinstance(node, ast.Constant)}
            assert not words & {"share", "/share", "shareConversation"}, path
