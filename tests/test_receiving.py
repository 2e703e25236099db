"""The daemon's door: it opens as config.toml says, hints for what matters, and keeps nothing beside no archive."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.cli.receiving import Door
from convo_sync.config.webhooks import Settings
from convo_sync.webhooks import checking
from convo_sync.webhooks.wire import Refused
from tests.deliveries import NOW, SECRET, body, request, send
from tests.test_cli_daemon_webhooks import free_port


class Ajar:
    """A door over an archive, with what it told and how often it hinted."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, dict[str, object]]] = []
        self.hints = 0
        self.archive = folder / "archive.db"
        self.archive.touch()
        self.settings = Settings(folder / "secret", ("127.0.0.1", free_port()), "https://hooks.example/", SECRET)
        self.door = Door(self.archive, self.tell, self.hint)

    def tell(self, event: str, **details: object) -> None:
        self.told.append((event, details))

    def hint(self) -> None:
        self.hints += 1

    def send(self, content: bytes, secret: str = SECRET, **headers: str) -> int:
        assert self.settings.listen is not None
        return send(self.settings.listen, request(content, secret=secret, **headers))[0]

    @property
    def whys(self) -> list[object]:
        return [details.get("why") for event, details in self.told if event != "listening"]


@pytest.fixture
def ajar(tmp_path: Path) -> Iterator[Ajar]:
    """An open door."""
    made = Ajar(tmp_path)
    made.door.open(made.settings)
    yield made
    made.door.close()


def now() -> datetime:
    return datetime.now(UTC)


def test_it_hints_for_what_matters(ajar: Ajar) -> None:
    """Expect a hint for the first of its kind: not for a repeat, a test, an unknown event, or a forged one."""
    content = body(sent_at=now())
    assert [ajar.send(content), ajar.send(content, Host="hooks.example")] == [200, 200]
    assert ajar.hints == 1
    for age, event in enumerate(("webhook.test", "webhook.test", "odd", "odd")):
        assert ajar.send(body(event, sent_at=now() - timedelta(seconds=age))) == 200  # else it may be a repeat
    assert ajar.send(content, secret="forged") == 401
    assert ajar.hints == 1
    assert ajar.whys == ["the test came"] * 2 + ["odd came, and leads to nothing", "wrong signature"]


def test_beside_no_archive(ajar: Ajar, tmp_path: Path) -> None:
    """Expect 503 and no file, where the archive's disk is not there."""
    ajar.archive.unlink()
    assert (ajar.send(body(sent_at=now())), ajar.hints) == (503, 0)
    assert list(tmp_path.iterdir()) == []


def test_it_follows_the_configuration(ajar: Ajar) -> None:
    """Expect it to close, to open elsewhere, and to stay open where nothing changed."""
    ajar.door.open(ajar.settings)
    assert [event for event, _ in ajar.told] == ["listening"]
    ajar.door.open(None)
    with pytest.raises(ConnectionRefusedError):
        ajar.send(body(sent_at=now()))
    ajar.settings = Settings(ajar.settings.secret_file, ("127.0.0.1", free_port()), None, "other")
    ajar.door.open(ajar.settings)
    assert ajar.send(body(sent_at=now()), secret="other") == 200
    assert ajar.send(body(sent_at=now()), secret="other", Host="hooks.example") == 403


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_secret_that_others_can_read(ajar: Ajar) -> None:
    """Expect it not to be used, and the log to say why; the secret is in no line."""
    ajar.settings = Settings(ajar.settings.secret_file, ajar.settings.listen)
    ajar.settings.secret_file.write_text(SECRET)
    ajar.settings.secret_file.chmod(0o644)
    ajar.door.open(ajar.settings)
    assert ajar.send(body(sent_at=now())) == 401
    assert any("can be read or changed by others" in str(why) for why in ajar.whys)
    assert SECRET not in str(ajar.told)
    ajar.settings.secret_file.chmod(0o600)
    assert ajar.send(body(sent_at=now())) == 200


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)


said = st.dictionaries(st.sampled_from(["event", "data", "timestamp"]), anything).map(
    lambda each: json.dumps(each).encode()
)


@given(st.binary(max_size=60) | said)
def test_a_signed_body_is_read_or_refused(content: bytes) -> None:
    """Expect nothing but a delivery or a refusal, whatever was signed."""
    with contextlib.suppress(Refused):
        assert checking.read(content, NOW).body == content
