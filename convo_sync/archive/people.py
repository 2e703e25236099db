"""People as meetings name them: who was in which, whom a few typed words mean, and which names are the owner's own.

Names are compared without case and accents. It knows no question that is asked about them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.texts import folded, stands_alone

ME = "me"
# How German is typed without its umlauts.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

_TELLING = 3  # letters


def plain(name: str) -> str:
    """The name for comparisons: folded, single spaces between its words."""
    return " ".join(folded(name).split())


def words_of(name: str) -> frozenset[str]:
    """The words of a name, folded; an umlaut in both of its spellings."""
    forms = (folded(form) for form in {name, _spelt_out(name)})
    return frozenset(word for form in forms for word in _words(form))


def _spelt_out(name: str) -> str:
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFC", name).lower().translate(_SPELT_OUT)


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() or _is_mark(each) else " " for each in text).split()


def _is_mark(character: str) -> bool:
    """Whether it is part of the letter before it, as the vowels of Thai and Hindi are."""
    if character.isascii():
        return False
    from unicodedata import category

    return category(character).startswith("M")


def is_part(part: str, name: str) -> bool:
    """Whether the name has this in it; nothing is part of no name."""
    wanted = plain(part)
    return bool(wanted) and (wanted in plain(name) or wanted in plain(_spelt_out(name)))


def names(typed: str, name: str) -> bool:
    """Whether every word that was typed is a word of the name, or, beside one that is, begins one."""
    wanted, called = set(_words(folded(typed))), words_of(name)
    if not wanted.intersection(called):
        return False
    return all(any(word.startswith(each) for word in called) for each in wanted - called)


def is_called(typed: str, name: str) -> bool:
    """Whether every word that was typed is a word of the name; the last one, before a star, at least begins one.

    What is no word, or of a script without spaces, has but to be somewhere in the name.
    """
    part = folded(typed.rstrip("*"))
    wanted = _words(part)
    if not wanted or stands_alone(part[0]):
        return bool(part) and part in folded(name)
    begun = wanted.pop() if typed.endswith("*") else ""
    called = words_of(name)
    return called.issuperset(wanted) and any(word.startswith(begun) for word in called)


@lru_cache(maxsize=4096)  # the same few names are compared with thousands of action items
def _name(name: str) -> frozenset[str]:
    return frozenset(_words(folded(name)))


def is_same(one: str, other: str) -> bool:
    """Whether the words of the one are among those of the other: “Mara” and “Mara Voss”."""
    first, second = _name(one), _name(other)
    return bool(first and second) and (first <= second or second <= first)


def mentioning(called: Collection[str], others: Iterable[str]) -> Callable[[str], bool]:
    """Tells whether a text speaks of one of these people: by the whole name, or by a word that is in no other's name.

    Args:
        called: their names.
        others: everybody else's.
    """
    whole = [" ".join(_words(folded(name))) for name in called]
    # As it is written: in any case “Mark” would be in every “mark”. Initials and “de” say too little.
    telling = {word for name in called for word in _words(name) if len(word) >= _TELLING}
    telling.difference_update(word for name in others for word in _words(name))

    def is_mentioned(text: str) -> bool:
        if any(word in text for word in telling) and not telling.isdisjoint(_words(text)):
            return True
        said = folded(text)
        return any(name and name in said and f" {name} " in f" {' '.join(_words(said))} " for name in whole)

    return is_mentioned


class Owner(NamedTuple):
    """Whose archive it is: the account's name, and what their own meetings call them. Empty before a first sync."""

    name: str
    email: str
    speakers: Mapping[str, str]  # conversation -> the owner's name among its speakers

    @property
    def is_known(self) -> bool:
        """Whether anything says who they are."""
        return bool(plain(self.name) or self.speakers)

    def is_meant(self, name: str | None, conversation_id: str) -> bool:
        """Whether this name in this meeting is the owner's."""
        if name is None:
            return False
        here = self.speakers.get(conversation_id)
        called = {here} if here else set(self.speakers.values())
        return any(is_same(name, each) for each in (self.name, *called))


def owner(connection: sqlite.Connection) -> Owner:
    """Whose archive it is, by the account and by the feedback, which is for the owner."""
    name, email = connection.execute("select max(name), max(email) from account").fetchone()
    sql = "select conversation_id, user_speaker from feedback where user_speaker is not null"
    return Owner(name or "", email or "", dict(connection.execute(sql)))


def present(connection: sqlite.Connection) -> Mapping[str, tuple[str, ...]]:
    """Conversation -> who took part, by the key points, or spoke; each name once."""
    sql = """
        select conversation_id, name
        from participants
        union all
        select c.id, s.value
        from _outlines o
        join conversations c on c.number = o.number, json_each(o.speakers) s
        where s.value <> ''
    """
    found: dict[str, dict[str, str]] = {}
    for conversation_id, name in connection.execute(sql):
        found.setdefault(conversation_id, {}).setdefault(plain(name), name)
    return {each: tuple(called.values()) for each, called in found.items()}


def meetings_of(present_in: Mapping[str, Iterable[str]], chosen: Collection[str]) -> frozenset[str]:
    """The conversations in which one of these names took part."""
    return frozenset(each for each, called in present_in.items() if not set(chosen).isdisjoint(called))


def meant(typed: str, present_in: Mapping[str, Iterable[str]], *, part: bool = False) -> tuple[str, ...]:
    """The names that a few words mean, those of most meetings first.

    Args:
        typed: words of a name.
        present_in: who took part in which conversation.
        part: also names of which the words are a part only.
    """
    fits = is_part if part else names
    counted = Counter(name for called in present_in.values() for name in called)
    return tuple(name for name, _ in counted.most_common() if fits(typed, name))
