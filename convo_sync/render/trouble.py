"""What ended a sync, as a plain sentence and what to do next. It knows the words of errors, and no error itself."""

from __future__ import annotations

_RETRY = "run the same command again. `convo-sync doctor` finds out what is wrong."
_ONLINE = "Check that this computer is online, and CONVO_SYNC_BASE_URL where it is set; then"
# What was said of a connection that never was, by the beginning of the words.
_OFFLINE = (
    "the server refused the connection",
    "the server's name",
    "no connection",
    "no secure connection",
    "the proxy",
)


def in_words(code: str, message: str, next_step: str) -> tuple[str, str]:
    """The sentence and the next step. Trouble on the way to Convo is recorded as half a sentence, and is completed."""
    if code != "unreachable" or next_step:
        return message, next_step
    said = message.rstrip(".")
    if said.startswith(_OFFLINE):
        return f"Convo could not be reached: {said}.", f"{_ONLINE} {_RETRY}"
    return f"Convo gave no usable answer: {said}.", f"Wait a while, then {_RETRY}"
