"""config.toml: what it may say, what each mistake is answered with, and durations."""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.config import DEFAULT_BASE_URL, Config, archive_named, load, parse, parse_duration
from convo_sync.errors import ConfigurationError

WHERE = Path("/somewhere/config.toml")


def refusal(text: str) -> str:
    """What a person is told about this configuration."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text, WHERE)
    assert caught.value.exit_code == 78
    return f"{caught.value.message} {caught.value.next_step}"


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    """Expect every default, and no complaint, where nothing was written."""
    config = load(tmp_path / "config.toml", {})
    assert config == Config(tmp_path / "config.toml")
    assert (config.exists, config.base_url) == (False, "https://www.itsconvo.com")
    assert (config.every, config.stale_after) == (timedelta(minutes=30), timedelta(days=1))
    assert config.calendar is False


def test_everything_that_may_be_said_is_read(tmp_path: Path) -> None:
    """Expect each key in its field, `~` and relative paths made absolute."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[api]\nbase_url = "https://convo.example/"\napi_key_file = "key"\napi_key_command = "pass \'my convo\'"\n'
        '[archive]\npath = "~/meetings.db"\n[sync]\nevery = "45s"\nstale_after = "1 day 12h"\n'
        "[notify]\ndesktop = true\n"
        "[calendar]\nenabled = true\n",
        encoding="utf-8",
    )
    assert load(path, {}) == Config(
        path,
        exists=True,
        base_url="https://convo.example",
        api_key_file=tmp_path / "key",
        api_key_command="pass 'my convo'",
        archive=Path(os.environ["HOME"]) / "meetings.db",
        every=timedelta(seconds=45),
        stale_after=timedelta(hours=36),
        notify_desktop=True,
        calendar=True,
    )


def test_webhooks(tmp_path: Path) -> None:
    """Expect each key as it is used, the secret in no repr, and where it is kept if nothing is said."""
    path = tmp_path / "config.toml"
    said = '[webhooks]\nlisten = "localhost:8766"\npublic_url = "https://Hooks.example:443/a"\n'
    found = parse(said, path).webhooks
    assert found is not None
    assert (found.listen, found.public_host) == (("127.0.0.1", 8766), "hooks.example")
    assert (found.secret, found.secret_file) == (None, tmp_path / "convo-webhook-secret")
    named = parse(f'{said}secret_file = "other"\n', path).webhooks
    assert named is not None
    assert named.secret_file == tmp_path / "other"
    inside = parse('[webhooks]\nlisten = "[::1]:1"\nsecret = "whsec_mine"\n', path).webhooks
    assert inside is not None
    assert (inside.listen, inside.secret, "whsec_mine" in repr(inside)) == (("::1", 1), "whsec_mine", False)
    assert Config(path).webhooks is None


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    """Expect CONVO_SYNC_BASE_URL to win over base_url, and an empty one to mean nothing."""
    path = tmp_path / "config.toml"
    path.write_text('[api]\nbase_url = "https://file.example"\n', encoding="utf-8")
    assert load(path, {"CONVO_SYNC_BASE_URL": "http://127.0.0.1:8765/"}).base_url == "http://127.0.0.1:8765"
    assert load(path, {"CONVO_SYNC_BASE_URL": ""}).base_url == "https://file.example"


def test_a_bad_address_in_the_environment_is_called_by_its_name(tmp_path: Path) -> None:
    """Expect the message to name the variable, not the file."""
    with pytest.raises(ConfigurationError, match="CONVO_SYNC_BASE_URL"):
        load(tmp_path / "config.toml", {"CONVO_SYNC_BASE_URL": "http://www.itsconvo.com"})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[apis]\nx = 1\n", 1, "there is no table [apis] Tables: [api], [archive], [sync], [notify], [calendar]"),
        ('[[webhooks]]\nlisten = "x"\n', 1, "webhooks has to be a table, [webhooks]"),
        ('[api]\n[archive]\npath = "a\x85b\u2028c"\n[sync]\nevery = 1\n', 5, "it has to be in quotes"),
        ("[sync]\nevery = 0x" + "f" * 5000, 2, "a number of more than 20 digits"),
        ("[sync]\nevery = true\n", 2, "is true;"),
        ('[notify]\ndesktop = "yes"\n', 2, "is 'yes'; it has to be true or false, without quotes"),
        ("[notify]\nmail = true\n", 2, "[notify] takes desktop"),
        ("[[sync]]\nevery = 1\n", 1, "has to be a table"),
        ('[api]\n# a comment\nbase_uri = "https://x.example"\n', 3, "there is no base_uri in [api]"),
        ('[api]\napi_key = "convo_secret"\n', 2, "[api] takes base_url, api_key_file, api_key_command"),
        ("[sync]\nevery = 30\n", 2, "it has to be in quotes"),
        ('[sync]\nstale_after = "1 day"\nevery = "0s"\n', 3, "out of bounds"),
        ('[calendar]\nenabled = "yes"\n', 2, "true or false"),
        ("[calendar]\nenabled = 1\n", 2, "true or false"),
        ("[calendar]\non = true\n", 2, "enabled"),
        ('[sync]\nevery = "soon"\n', 2, "no duration"),
        ('[sync]\nevery = ""\n', 2, "no duration"),
        ("[archive]\npath = [\n  1,\n]\n", 2, "it has to be text in quotes"),
        ('[archive]\npath = " "\n', 2, "is empty"),
        ('[archive]\npath = "~nobody-of-that-name/a.db"\n', 2, "no such user"),
        ('[api]\nbase_url = "http://www.itsconvo.com"\n', 2, "has to be an https:// address"),
        ('[api]\nbase_url = "ftp://x"\n', 2, "has to be an https:// address"),
        ('[api]\napi_key_command = "pass \'convo"\n', 2, "never closed"),
        ("api = 1\n", 1, "has to be a table"),
        ('[webhooks]\nlisten = "0.0.0.0:8766"\n', 2, "which others could reach"),
        ('[webhooks]\nlisten = "192.168.0.5:8766"\n', 2, "which others could reach"),
        ('[webhooks]\nlisten = "[::]:8766"\n', 2, "which others could reach"),
        ('[webhooks]\nlisten = "example.com:8766"\n', 2, "which others could reach"),
        ('[webhooks]\nlisten = "127.0.0.1"\n', 2, "an address of this machine and a port"),
        ('[webhooks]\nlisten = "127.0.0.1:0"\n', 2, "an address of this machine and a port"),
        ('[webhooks]\nlisten = "127.0.0.1:65536"\n', 2, "an address of this machine and a port"),
        ("[webhooks]\nlisten = 8766\n", 2, "it has to be text in quotes"),
        ('[webhooks]\npublic_url = "http://hooks.example"\n', 2, "it has to be an https:// address"),
        ('[webhooks]\nsecret = "a"\n\nsecret_file = "b"\n', 2, "has both secret and secret_file"),
        ("[webhooks]\nsecret = 12345\n", 2, "has to be the secret in quotes"),
        ('[webhooks]\nallow_remote = "x"\n', 2, "there is no allow_remote in [webhooks]"),
        ('api.base_url = "x"\n', 1, "has to be an https:// address"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(text: str, line: int, words: str) -> None:
    """Expect file, line, key and what is allowed; exit code 78."""
    told = refusal(text)
    assert told.startswith(f"{WHERE}, line {line}: ")
    assert words.replace(".", "") in told.replace(".", "")


@pytest.mark.parametrize("text", ["[api\n", "[api]\n[api]\n", "x = " + "[" * 5000, "x = " + "9" * 5000])
def test_what_is_no_toml_is_told_so(text: str) -> None:
    """Expect a sentence, whatever the parser makes of it."""
    assert "is no valid TOML" in refusal(text)


def test_the_message_about_an_address_with_a_password_does_not_repeat_it() -> None:
    """Expect no part of user:password@host in the message."""
    assert "hunter2" not in refusal('[api]\nbase_url = "https://mara:hunter2@convo.example"\n')


@pytest.mark.parametrize(
    "url", ["http://localhost", "http://127.0.0.1:9", "http://[::1]:9/x", "https://convo.example/p"]
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    """Expect https anywhere and http on loopback to pass."""
    assert parse(f'[api]\nbase_url = "{url}"\n', WHERE).base_url == url


@pytest.mark.parametrize(
    "url", ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil"]
)
def test_what_only_looks_like_this_machine_is_refused(url: str) -> None:
    """Expect http to a host that merely begins like loopback to be refused."""
    assert "https://" in refusal(f'[api]\nbase_url = "{url}"\n')


def test_files_that_cannot_be_read_are_told_plainly(tmp_path: Path) -> None:
    """Expect a sentence for a folder, for other encodings, and for a file that is far too large."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# M\xe4rz\n".encode("latin-1"))
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (2**20 + 1))
    for path, words in ((tmp_path, "cannot be read"), (latin, "UTF-8"), (large, "too large")):
        with pytest.raises(ConfigurationError, match=words):
            load(path, {})


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Expect a file that Notepad saved to be read."""
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf[sync]\r\nevery = "2h"\r\n')
    assert load(path, {}).every == timedelta(hours=2)


def test_the_archive_is_found_without_reading_more_than_needed(tmp_path: Path) -> None:
    """Expect the archive's path where the file names one, None elsewhere, and no complaint about other tables."""
    path = tmp_path / "config.toml"
    assert archive_named(path) is None
    path.write_text("[nonsense]\n", encoding="utf-8")
    assert archive_named(path) is None
    path.write_text('[archive]\npath = "a.db"\n', encoding="utf-8")
    assert archive_named(path) == tmp_path / "a.db"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1), ("45s", 45), ("30 min", 1800), ("30min", 1800), ("5 minutes", 300), ("2h", 7200), ("1.5 h", 5400),
        ("1 day", 86400), ("2 Days", 172800), ("1h 30min", 5400), ("1w", 604800), (" 10 sec ", 10), ("61m", 3660),
        ("366 days", 31622400),
    ],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    """Expect numbers with units, alone or together."""
    assert parse_duration(text) == timedelta(seconds=seconds)


IMPOSSIBLE = ("", " ", "30", "min", "-5 min", "0.5s", "0 h", "367 days", "1 year", "5 ms", "1e9 s", "٣ h")


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_impossible_durations_are_refused_with_what_is_allowed(text: str) -> None:
    """Expect a ValueError that shows an example."""
    with pytest.raises(ValueError, match="30 min"):
        parse_duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_is_refused(text: str) -> None:
    """Expect nothing but ValueError, and nothing out of bounds, for any text."""
    with contextlib.suppress(ValueError):
        assert timedelta(seconds=1) <= parse_duration(text) <= timedelta(days=366)


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_is_refused(text: str) -> None:
    """Expect nothing but ConfigurationError for any text at all."""
    with contextlib.suppress(ConfigurationError):
        assert parse(text, WHERE).base_url == DEFAULT_BASE_URL
