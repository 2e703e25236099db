"""Everything that can go wrong, as a tree ordered by what to do next; each leaf of it carries its exit code.

ConvoSyncError                    1   something failed; the message says what, `next_step` what to do
├── UsageError                    2   a value typed by a person is impossible
├── NothingFound                  3
├── ArchiveError                  1   the file: missing, not ours, too new, too old, locked file, full disk, damaged
│   ├── ArchiveMissing           78
│   ├── ArchiveUnfit             78   not ours, or newer than this program, or older than a reader can use
│   └── StorageFull               1
├── ConfigurationError           78   config.toml, the key's source, an account that is not this archive's
├── KeyRefused                   77   the API's own 401
│   └── PlanLacks                77   its 403 for the list: the plan has no API
├── TryLater                     75   parked until the hour frees, or another process holds the archive
│   ├── RateLimited
│   └── ArchiveLocked
├── ServerTrouble                69   network or server, not the key; `symptom` tells alike from unlike
│   └── Offline                  69   no connection at all
└── Refusal                       1   the API's own answer to one request, in its error JSON
    ├── NotFound                      404, 410
    ├── Forbidden                     403: what the plan lacks
    ├── CreditsUsedUp                 429 ai_limit_exceeded
    └── Invalid                       400 and other 4xx
"""

from __future__ import annotations

from datetime import datetime

_AGAIN = "run the same command again. `convo-sync doctor` finds out what is wrong."


class ConvoSyncError(Exception):
    """A failure that can be told in a plain sentence. `next_step` says what a person can do about it."""

    exit_code = 1
    code = "error"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class UsageError(ConvoSyncError):
    """A value typed by a person cannot be meant."""

    exit_code = 2
    code = "usage"


class NothingFound(ConvoSyncError):
    """What was asked for is not in the archive."""

    exit_code = 3
    code = "nothing_found"


class ArchiveError(ConvoSyncError):
    """The archive's file cannot be used as asked."""

    code = "archive"


class ArchiveMissing(ArchiveError):
    """There is no archive at that path."""

    exit_code = 78
    code = "archive_missing"


class ArchiveUnfit(ArchiveError):
    """The file is not an archive of this program, or of a version that it cannot use."""

    exit_code = 78
    code = "archive_unfit"


class StorageFull(ArchiveError):
    """The disk has no room for the write. SQLite has rolled the transaction back."""

    code = "storage_full"


class ReplyUnkept(ArchiveError):
    """A reply that was paid for fits neither into the archive nor beside it. The message holds it whole."""

    code = "reply_unkept"


class ConfigurationError(ConvoSyncError):
    """config.toml, the key's source or the account does not fit."""

    exit_code = 78
    code = "configuration"


class KeyRefused(ConvoSyncError):
    """The API itself, in its own error JSON, refused the key."""

    exit_code = 77
    code = "key_refused"


class PlanLacks(KeyRefused):
    """The key is right; the plan behind it does not include what was asked for. Another plan may, with the same key."""


class TryLater(ConvoSyncError):
    """Nothing is wrong; it is not yet time. `resume_at` is an instant of the local clock, where it is known."""

    exit_code = 75
    code = "try_later"

    def __init__(self, message: str, next_step: str = "", *, resume_at: datetime | None = None) -> None:
        super().__init__(message, next_step)
        self.resume_at = resume_at


class RateLimited(TryLater):
    """429 rate_limited: the hour is used up. `retry_after_seconds` as sent, None where the header was missing."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ArchiveLocked(TryLater):
    """Another process is writing to the archive."""

    code = "locked"


class ServerTrouble(ConvoSyncError):
    """No usable answer: a timeout, a dropped or cut answer, a 5xx, a proxy's page.

    `symptom` names it in one word, `detail` in half a sentence, `message` in a whole one.
    """

    exit_code = 69
    code = "unreachable"
    beginning = "Convo gave no usable answer"
    otherwise = f"Wait a while, then {_AGAIN}"

    def __init__(self, detail: str, *, symptom: str, message: str = "", next_step: str = "") -> None:
        super().__init__(message or f"{self.beginning}: {detail}.", next_step or self.otherwise)
        self.symptom = symptom
        self.detail = detail


class Offline(ServerTrouble):
    """No connection could be made: the request never left this machine."""

    beginning = "Convo could not be reached"
    otherwise = f"Check that this computer is online, and CONVO_SYNC_BASE_URL where it is set; then {_AGAIN}"


class Refusal(ConvoSyncError):
    """The API's own error JSON about one request. `status` is HTTP's, `api_code` the contract's."""

    code = "refused"

    def __init__(self, message: str, *, status: int, api_code: str) -> None:
        super().__init__(message)
        self.status = status
        self.api_code = api_code


class NotFound(Refusal):
    """404 not_found, or 410: the server has no such thing (yet, or any more)."""


class Forbidden(Refusal):
    """403 forbidden: the plan does not include it."""


class Invalid(Refusal):
    """400 validation_error, or another 4xx with the API's error JSON."""


class CreditsUsedUp(Refusal):
    """429 ai_limit_exceeded: the month's AI credits are spent; ordinary reads still work."""
