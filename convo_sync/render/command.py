"""Commands to type next, as a shell takes them. It knows what stands before an id, and not what the id names."""

from __future__ import annotations

from convo_sync.render.text import safe


def show(id_: str, options: str = "") -> str:
    """``convo-sync show`` for this meeting, whatever is in its id."""
    given = f" {options}" if options else ""
    name = safe(id_)
    # An id that begins with a dash would be taken for an option.
    if name.startswith("-"):
        return f"convo-sync show{given} -- {_quoted(name)}"
    return f"convo-sync show {_quoted(name)}{given}"


def line(*words: str) -> str:
    """``convo-sync`` with these words, whatever is in them."""
    return " ".join(("convo-sync", *(_quoted(safe(word)) for word in words)))


def _quoted(word: str) -> str:
    if word.isascii() and word.replace("_", "").replace("-", "").isalnum():
        return word
    from shlex import quote  # a search need not wait for it: hardly an id is anything but letters and digits

    return quote(word)
