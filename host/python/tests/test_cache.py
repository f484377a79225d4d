"""Compiled code is loaded only where nobody but the user could have written it."""

import os
from pathlib import Path

import pytest

from xoxzo_2fa._cache import _cache_home, _folder, _read

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users are told apart by POSIX alone")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    file = tmp_path / "code"
    file.write_bytes(b"code")
    file.chmod(0o600)
    return file


def test_a_file_of_this_user_is_read(kept: Path) -> None:
    assert _read(kept) == b"code"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_can_open_is_not_read(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    assert _read(kept) is None


def test_links_are_not_followed(kept: Path, tmp_path: Path) -> None:
    link, hard = tmp_path / "link", tmp_path / "hard"
    link.symlink_to(kept)
    assert _read(link) is None
    hard.hardlink_to(kept)
    assert _read(kept) is None
    assert _read(hard) is None
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert _read(tmp_path / "pipe") is None


def test_what_is_another_users_is_not_used(kept: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XOXZO_2FA_CACHE", str(tmp_path))
    tmp_path.chmod(0o700)
    assert _folder() == tmp_path
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert _folder() is None, "the effective user is not the real one"
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert _folder() is None, "the folder is another user's"
    assert _read(kept) is None


@pytest.mark.parametrize(("variable", "cache"), [("HOME", ".cache"), ("XDG_CACHE_HOME", "")])
def test_a_home_of_another_user_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, cache: str) -> None:
    for name in ("XOXZO_2FA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert _folder() is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PermissionError):
        _cache_home()
    monkeypatch.undo()
    monkeypatch.delenv("XOXZO_2FA_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert _folder() == tmp_path / cache / "xoxzo-2fa"
