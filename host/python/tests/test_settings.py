"""Faults in settings, as whoever wrote them reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import document

from xoxzo_2fa import MemoryGuard, Misuse, Settings, TwoFactor, keygen

if TYPE_CHECKING:
    from pathlib import Path


def written(**changes: Any) -> str:
    """Return a document as people write it, whose keys are elsewhere."""
    return json.dumps(document(keys=[{"env": "SHOP_KEY"}], **changes), indent=2)


def line_of(text: str, name: str) -> int:
    [line] = [number for number, line in enumerate(text.splitlines(), 1) if f'"{name}"' in line]
    return line


def fault(settings: Settings) -> str:
    with pytest.raises(Misuse) as found:
        TwoFactor(settings, MemoryGuard())
    assert found.value.code == "settings"
    assert found.value.args == ("settings", found.value.detail)
    return found.value.detail


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", keygen())


def test_a_line_is_the_one_that_was_written() -> None:
    """What stands for a secret takes as many lines as before."""
    text = written(pin={"digits": 99})
    assert fault(Settings(text)) == f"settings, pin.digits, line {line_of(text, 'digits')}: must be 4 to 10"
    whole = json.loads(written())
    assert TwoFactor(Settings(whole), MemoryGuard()).effective_settings == TwoFactor(Settings(written()), MemoryGuard()).effective_settings


def test_a_name_with_a_dot_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    key = keygen()
    monkeypatch.setenv("GUARD_KEY", key)
    text = written(guard={"key": {"env": "GUARD_KEY"}}).replace('"guard": {', '"guard.key": 1,\n"guard": {')
    assert "has a field that does not exist" in fault(Settings(text))
    text = written(guard={"key": {"env": "GUARD_KEY"}}).replace('"service"', '"xoxzo": {"guard.key": {"a": 1}},\n"service"', 1)
    assert "duplicate field" in fault(Settings(text))


def test_the_file_and_the_likely_spelling_are_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    faults: list[tuple[dict[str, Any], str]] = [
        ({"destination": ["JP"]}, ": has a field that does not exist: `destination`; did you mean `destinations`?"),
        ({"pin": {"digit": 6}}, ", pin, line {digit}: has a field that does not exist: `digit`; did you mean `digits`?"),
        (
            {"purposes": [{"name": "login", "after_first_facto": True}]},
            ", purposes.0, line {name}: has a field that does not exist: `after_first_facto`; did you mean `after_first_factor`?",
        ),
        # What is near to no name may be a secret in the wrong place.
        ({"0a1b2c3d4e5f": 1}, ": has a field that does not exist"),
    ]
    for wrong, told in faults:
        text = written(**wrong)
        file.write_text(text)
        found = fault(Settings.from_file(file))
        assert found.startswith(f"{file}{told.partition('{')[0]}"), found
        assert found.endswith(told.rpartition("}")[2]), found
        assert "0a1b2c3d4e5f" not in found
        assert fault(Settings(text)) == f"settings{found.removeprefix(str(file))}"
    file.write_text("{")
    assert fault(Settings.from_file(file)) == f"{file}, line 1: not JSON"


def test_what_is_not_there_is_named_unless_it_may_be_a_secret(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    with pytest.raises(Misuse, match=r"^settings: .*missing\.json: the file cannot be read: FileNotFoundError$"):
        Settings.from_file(missing)
    with pytest.raises(Misuse) as found:
        Settings.from_file(written())
    assert found.value.detail == "settings: the file cannot be read: " + found.value.detail.rpartition(" ")[2]
    for name, told in [("SHOP_KEY_THAT_IS_NOT_SET", " SHOP_KEY_THAT_IS_NOT_SET"), ("0a1b2c3d_4e5f", ""), ("NAME", "")]:
        with pytest.raises(Misuse) as found:
            Settings(document(keys=[{"env": name}]))
        assert found.value.detail == f"settings, keys.0: the environment variable{told} is not set, or not text"
