"""Desktop notifications of the daemon: one for each cause and day, by the system's own commands, as well as they can.

None holds a key, a title or a word of a meeting. What is worth one is decided in `due`, which does nothing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from convo_sync.pacing import KEY_REFUSED
from convo_sync.render.when import span

# Nobody waits for it; a command that hangs is ended all the same.
_SECONDS = 10.0
_TITLE, _TEXT = "NOTICE_TITLE", "NOTICE_TEXT"
_APPLESCRIPT = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")
# Windows shows a toast only of a program that it knows; PowerShell is one.
_TOAST = f"""\
$ErrorActionPreference = 'Stop'
$null = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent('ToastText02')
$texts = $xml.GetElementsByTagName('text')
$null = $texts.Item(0).AppendChild($xml.CreateTextNode($env:{_TITLE}))
$null = $texts.Item(1).AppendChild($xml.CreateTextNode($env:{_TEXT}))
$who = '{{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}}\\WindowsPowerShell\\v1.0\\powershell.exe'
$toast = [Windows.UI.Notifications.ToastNotification]::new($xml)
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($who).Show($toast)
"""


class Notice(NamedTuple):
    """One notification. `cause` is what it is remembered by."""

    cause: str
    title: str
    text: str


class Situation(NamedTuple):
    """What a run left: its exit code, what it warned of about credits, and when the last complete one ended."""

    code: int
    credits: tuple[str, ...]
    last_complete: datetime | None


def due(
    seen: Situation, now: datetime, stale_after: timedelta, notified: Mapping[str, str], today: date
) -> tuple[Notice, ...]:
    """What the owner is to be notified of after a run.

    Args:
        stale_after: from this age of the last complete run on the archive is stale.
        notified: cause -> the day of its last notification.
        today: the owner's day.
    """
    return tuple(each for each in _worth_one(seen, now, stale_after) if notified.get(each.cause) != today.isoformat())


def _worth_one(seen: Situation, now: datetime, stale_after: timedelta) -> Iterator[Notice]:
    if seen.code == KEY_REFUSED:
        yield Notice("key", "Convo refuses the API key", "Nothing new is archived. Type: convo-sync init --new-key")
    if seen.last_complete is not None and now - seen.last_complete > stale_after:
        ago = span(now - seen.last_complete)
        yield Notice("stale", "The archive is stale", f"The last complete sync was {ago} ago. Type: convo-sync doctor")
    if seen.credits:
        yield Notice("credits", "Convo's AI credits", " ".join(seen.credits))


def commands(notice: Notice, platform: str = sys.platform) -> tuple[tuple[str, ...], ...]:
    """The command lines that may show it on that platform, the best first; Windows' takes the words from variables."""
    if platform == "darwin":
        script = (word for line in _APPLESCRIPT for word in ("-e", line))
        return (("osascript", *script, notice.title, notice.text),)
    if platform == "win32":
        quiet = ("-NoProfile", "-NonInteractive", "-WindowStyle", "Hidden", "-Command", _TOAST)
        return ("powershell.exe", *quiet), ("msg.exe", "*", "/TIME:60", f"{notice.title}: {notice.text}")
    return (("notify-send", "--app-name=convo-sync", "--", notice.title, notice.text),)


def send(notice: Notice, platform: str = sys.platform) -> str:
    """Show it; the name of the command that did, empty where none could."""
    environment = os.environ | {_TITLE: notice.title, _TEXT: notice.text}
    for argv in commands(notice, platform):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(  # noqa: S603 - the system's own tool, with words of ours
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment, timeout=_SECONDS, check=False, creationflags=_no_window(),
            )  # fmt: skip
            if done.returncode == 0:
                return argv[0]
    return ""


def _no_window() -> int:
    return int(getattr(subprocess, "CREATE_NO_WINDOW", 0))
