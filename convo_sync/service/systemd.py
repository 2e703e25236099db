"""systemd's user unit: https://www.freedesktop.org/software/systemd/man/systemd.service.html

It is hardened by what needs no privilege. Options that give the service a view of the files of its own (ProtectSystem,
PrivateTmp) take user namespaces in a user's unit, and where the system forbids those the unit would not start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from convo_sync.service.steps import LABEL, PAUSE_SECONDS, Remove, Run, Seen, Step, Work, Write

UNIT = f"{LABEL}.service"
_UNIT_TEXT = """\
# Written by `convo-sync service install`, which replaces it; `convo-sync service uninstall` removes it.
[Unit]
Description=convo-sync: keeps the archive of your Convo meetings up to date
# Started again for ever: what it waits for (a network, a key, a disk) may come back after days.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
# Not kill: it is a package of its own on some systems.
ExecReload={python} -c "import os, signal; os.kill(${{MAINPID}}, signal.SIGHUP)"
Restart=always
RestartSec={pause}
# The daemon itself ends the sync that runs, at a commit, within five seconds.
KillMode=mixed
TimeoutStopSec=20
Nice=10
# Nobody but its owner reads what it writes.
UMask=0077
LimitCORE=0
{rights}
[Install]
WantedBy=default.target
"""
_HARDENING = """\
# It needs the network and its owner's files, and no further right.
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""
_NOT_HARDENED = """\
# A command gives the key (api_key_command). It may need more than a sync does, such as a set-group-id program, so no
# privilege is taken from what the daemon starts.
Environment={path}
"""
_PROPERTIES = ("ActiveState", "SubState", "UnitFileState", "Result", "ExecMainStatus", "NRestarts")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "%": "%%", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Systemd:
    """The service as a unit of the user's own systemd."""

    name = "systemd"
    tool = "systemctl"
    keeps_log = True

    def __init__(self, work: Work) -> None:
        self._work = work

    def file(self) -> Write:
        """The unit."""
        path = self._work.search_path
        text = _UNIT_TEXT.format(
            command=_command_line(self._work.command(with_log=False)),
            pause=PAUSE_SECONDS,
            python=_quoted(self._work.python),
            rights=_NOT_HARDENED.format(path=_quoted(f"PATH={path}")) if path else _HARDENING,
        )
        return Write(os.path.join(self._work.units, UNIT), text)

    def begin(self, *, is_new: bool) -> tuple[Step, ...]:
        """Have it read the unit and run it, whether it ran before or not."""
        return _user("daemon-reload"), _user("enable", UNIT), _user("restart", UNIT)

    def end(self) -> tuple[Step, ...]:
        """Stop and forget it."""
        return (
            _user("stop", UNIT, may_fail=True),
            _user("disable", UNIT, may_fail=True),
            Remove(self.file().path),
            _user("daemon-reload"),
            _user("reset-failed", UNIT, may_fail=True),
        )

    def question(self) -> tuple[str, ...]:
        """Its properties, as ``Name=value`` lines."""
        return "systemctl", "--user", "show", UNIT, f"--property={','.join(_PROPERTIES)}"

    def read(self, code: int, out: str, err: str) -> Seen | None:
        """Those lines; a unit that systemd does not know has them too."""
        told = dict(line.partition("=")[::2] for line in out.splitlines())
        if code != 0 or "ActiveState" not in told:
            return None
        is_running = told["ActiveState"] in ("active", "reloading", "deactivating")
        return Seen(told.get("UnitFileState") == "enabled", is_running, "" if is_running else _why(told))

    def read_log(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        """The journal, each line as the daemon wrote it: that begins with the time."""
        command = ("journalctl", "--user", "-u", LABEL, "-n", str(lines), "-o", "cat", "--no-pager")
        return (*command, "-f") if follow else command


def _user(*words: str, may_fail: bool = False) -> Run:
    return Run(("systemctl", "--user", *words), may_fail)


def _why(told: dict[str, str]) -> str:
    """What systemd says of a unit that does not run."""
    if told.get("SubState") == "auto-restart":
        return f"ended with exit code {told.get('ExecMainStatus')}, and is started again within a minute"
    if told["ActiveState"] == "failed":
        return f"failed: {told.get('Result')}, exit code {told.get('ExecMainStatus')}"
    return told["ActiveState"]


def _command_line(words: Iterable[str]) -> str:
    """ExecStart's own language: the first word is a path, in the others $ begins a variable too."""
    first, *others = words
    return " ".join((_quoted(first), *(_quoted(each).replace("$", "$$") for each in others)))


def _quoted(word: str) -> str:
    """The word as systemd reads it back; specifiers (%) are doubled, quotes and breaks escaped."""
    text = "".join(_ESCAPES.get(each, each) for each in word)
    return text if re.fullmatch(r"[\w./:%@=+,$~-]+", text) else f'"{text}"'
