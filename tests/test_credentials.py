"""Where a key is found and kept: the order, each refusal in words, and never the key itself in any of them."""

from __future__ import annotations

import shlex
import stat
import sys
import threading
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from convo_sync import credentials
from convo_sync.config import Config
from convo_sync.credentials import Key, KeyringTrouble, NoKey, find_key, read_file, run_command, write_file
from convo_sync.errors import ConfigurationError

SECRET = "convo_s3cret_0123456789"


class Keyring(ModuleType):
    """A keyring in memory that can fail, hang or forget."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.__spec__ = ModuleSpec("keyring", None)
        self.kept: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.forgets = False
        self.gate = threading.Event()
        self.gate.set()

    def get_password(self, service: str, user: str) -> str | None:
        """What is kept."""
        self._behave()
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, value: str) -> None:
        """Keep it."""
        self._behave()
        if not self.forgets:
            self.kept[service, user] = value

    def _behave(self) -> None:
        self.gate.wait(5)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring, installed."""
    module = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keyring, whatever this machine has."""
    monkeypatch.setattr(credentials, "_keyring", lambda: None)


def private(path: Path, text: str = SECRET + "\n") -> Path:
    """A file of its owner's alone."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def printing(text: str, *, code: int = 0, stderr: str = "") -> str:
    """A command that prints so, and ends so."""
    script = f"import sys; sys.stdout.write({text!r}); sys.stderr.write({stderr!r}); sys.exit({code})"
    return shlex.join([sys.executable, "-c", script])


def test_the_order_is_environment_file_command_keyring(tmp_path: Path, keyring: Keyring) -> None:
    """Expect each source to win over all that come after it."""
    base = Config(tmp_path / "config.toml")
    keyring.kept["convo-sync", base.base_url] = "convo_of_keyring"
    command = Config(base.path, api_key_command=printing("convo_of_command"))
    both = Config(
        base.path, api_key_command=command.api_key_command, api_key_file=private(tmp_path / "k", "convo_of_file")
    )
    assert find_key(both, {"CONVO_API_KEY": "convo_of_environment"}).value == "convo_of_environment"
    assert find_key(both, {"CONVO_API_KEY": ""}).value == "convo_of_file"
    assert find_key(command, {}).value == "convo_of_command"
    assert find_key(base, {}).value == "convo_of_keyring"


@pytest.mark.usefixtures("no_keyring")
def test_no_key_anywhere_names_init(tmp_path: Path) -> None:
    """Expect exit code 78, and the command that mends it."""
    with pytest.raises(NoKey) as caught:
        find_key(Config(tmp_path / "config.toml"), {})
    assert caught.value.exit_code == 78
    assert "convo-sync init" in caught.value.next_step


def test_a_key_is_in_no_repr() -> None:
    """Expect the source in the repr, and not the value."""
    assert SECRET not in repr(Key(SECRET, "somewhere"))
    assert "somewhere" in repr(Key(SECRET, "somewhere"))


@pytest.mark.parametrize("value", [f"{SECRET} x", f"{SECRET}\nx", f"{SECRET}é", f"{SECRET}\0", "  ", "\n"])
def test_a_malformed_key_is_refused_without_being_shown(tmp_path: Path, value: str) -> None:
    """Expect a sentence that names the source, never the key."""
    with pytest.raises(ConfigurationError, match="CONVO_API_KEY") as caught:
        find_key(Config(tmp_path / "c"), {"CONVO_API_KEY": value})
    assert SECRET not in f"{caught.value.message}{caught.value.next_step}{caught.value!r}"


def test_another_prefix_is_only_remarked() -> None:
    """Expect a key without convo_ to pass, with a remark that does not show it."""
    odd = credentials.checked("sk-12345", "a test")
    assert "convo_" in odd.remark
    assert "12345" not in odd.remark
    assert not credentials.checked(SECRET, "a test").remark


def test_white_space_around_a_key_is_no_mistake(tmp_path: Path) -> None:
    """Expect the line break of an editor, and spaces, to be dropped."""
    assert read_file(private(tmp_path / "key", f" {SECRET}\r\n")).value == SECRET


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Expect the chmod to type, with the path quoted for a shell."""
    path = private(tmp_path / "my key")
    path.chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        find_key(Config(tmp_path / "c", api_key_file=path), {})
    assert caught.value.next_step == f"Type: chmod 600 '{path}'"
    path.chmod(0o600)
    assert read_file(path).value == SECRET


def test_a_key_file_that_is_missing_or_a_folder_is_told(tmp_path: Path) -> None:
    """Expect plain sentences, and no fall back to another source."""
    missing = Config(tmp_path / "c", api_key_file=tmp_path / "none", api_key_command=printing(SECRET))
    with pytest.raises(ConfigurationError, match="No such file"):
        find_key(missing, {})
    with pytest.raises(ConfigurationError, match="is not a file"):
        read_file(tmp_path)


def test_a_key_in_place_of_a_files_name_is_not_shown(tmp_path: Path) -> None:
    """Expect the mistake to be told without repeating the key."""
    with pytest.raises(ConfigurationError) as caught:
        find_key(Config(tmp_path / "c", api_key_file=tmp_path / SECRET), {})
    assert SECRET not in caught.value.message


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    """Expect what a shell would act on to reach the command as it is."""
    command = shlex.join([sys.executable, "-c", "import sys; print('convo_' + str(len(sys.argv)))", "$HOME;", "a b"])
    key = run_command(command, {})
    assert key.value == "convo_3"
    assert not any(tmp_path.iterdir())


def test_a_failing_command_tells_its_stderr_and_never_its_output() -> None:
    """Expect exit code and stderr on one harmless line; what it printed as the key stays out, in stderr too."""
    with pytest.raises(ConfigurationError) as caught:
        run_command(printing(SECRET, code=3, stderr=f"vault is locked\n\x1b[31m{SECRET}"), {})
    told = caught.value.message
    assert "exit code 3" in told
    assert "vault is locked" in told
    assert SECRET not in told
    assert "\x1b" not in told


def test_a_command_that_takes_too_long_is_ended() -> None:
    """Expect the time limit in the message."""
    waiting = shlex.join([sys.executable, "-c", "import sys, threading; threading.Event().wait(30)"])
    with pytest.raises(ConfigurationError, match=r"within 0\.1 seconds"):
        run_command(waiting, {}, seconds=0.1)


@pytest.mark.parametrize("command", ["no-such-command-anywhere", "/", "''"])
def test_a_command_that_cannot_start_is_told(command: str) -> None:
    """Expect a sentence, not a traceback."""
    with pytest.raises(ConfigurationError, match="cannot be started"):
        run_command(command, {})


def test_a_command_that_prints_no_key_is_told_without_its_output() -> None:
    """Expect several lines, or nothing, to be refused without being repeated."""
    for text in (f"{SECRET}\nurl: x\n", ""):
        with pytest.raises(ConfigurationError, match="api_key_command") as caught:
            run_command(printing(text), {})
        assert SECRET not in caught.value.message


def test_a_keyring_that_fails_counts_as_empty(tmp_path: Path, keyring: Keyring) -> None:
    """Expect the ordinary message, with the reason in it, whatever its back end raises."""
    keyring.failure = RuntimeError(f"no back end for {SECRET}")
    with pytest.raises(NoKey, match="the keyring failed: RuntimeError") as caught:
        find_key(Config(tmp_path / "c"), {})
    assert SECRET not in caught.value.message


def test_a_keyring_that_hangs_is_left_behind(keyring: Keyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Expect an end after the time limit, though the keyring still waits for its owner."""
    monkeypatch.setattr(credentials, "KEYRING_SECONDS", 0.05)
    keyring.gate.clear()
    with pytest.raises(NoKey, match="is it locked"):
        find_key(Config(tmp_path / "c"), {})
    keyring.gate.set()


def test_a_key_is_kept_in_the_keyring_by_address(keyring: Keyring) -> None:
    """Expect a simulator's key and the real one not to replace each other."""
    credentials.write_keyring("https://a.example", Key(SECRET, "x"))
    found = credentials.read_keyring("https://a.example")
    assert found is not None
    assert found.value == SECRET
    assert credentials.read_keyring("https://b.example") is None
    assert list(keyring.kept) == [("convo-sync", "https://a.example")]


def test_a_keyring_that_forgets_is_noticed(keyring: Keyring) -> None:
    """Expect trouble rather than a key that is gone at the next command."""
    keyring.forgets = True
    with pytest.raises(KeyringTrouble, match="does not keep"):
        credentials.write_keyring("https://a.example", Key(SECRET, "x"))


@pytest.mark.usefixtures("no_keyring")
def test_without_keyring_there_is_nothing_and_no_trouble() -> None:
    """Expect None when reading, and a reason when writing."""
    assert credentials.read_keyring("https://a.example") is None
    with pytest.raises(KeyringTrouble, match="not installed"):
        credentials.write_keyring("https://a.example", Key(SECRET, "x"))


def test_a_key_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    """Expect mode 0600 and folder 0700, an older one replaced, and nothing left beside it."""
    path = tmp_path / "new" / "key"
    write_file(path, Key("convo_old", "x"))
    write_file(path, Key(SECRET, "x"))
    assert read_file(path).value == SECRET
    assert [each.name for each in path.parent.iterdir()] == ["key"]
    modes: tuple[Any, ...] = (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))
    assert sys.platform == "win32" or modes == (0o600, 0o700)


def test_a_key_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Expect a sentence, and no partial file."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_file(tmp_path / "file" / "key", Key(SECRET, "x"))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
