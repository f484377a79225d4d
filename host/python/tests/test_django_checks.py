"""System checks of the app for Django, each with a control, and its command for operators."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shop
from conftest import other_than

from xoxzo_2fa import Charge, GuardUnreachable, MemoryGuard, SqliteGuard, keygen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("django")
shop.set_up()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.views import LoginView, PasswordResetConfirmView  # noqa: E402
from django.core.checks import run_checks  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402

from xoxzo_2fa.django import login_page, two_factor  # noqa: E402
from xoxzo_2fa.django._configuration import Unconfigured, configuration  # noqa: E402
from xoxzo_2fa.django.views import TwoFactorLoginView  # noqa: E402

CANARY = "secret-canary"
OWN = "xoxzo_2fa.django.middleware.TwoFactorMiddleware"


class OwnLogin(TwoFactorLoginView):
    """A login page of a project's own."""


urlpatterns = [
    path("", include("django_shop.urls")),
    path("reset/", PasswordResetConfirmView.as_view(post_reset_login=True)),
    path("other/", include([path("old/", LoginView.as_view()), path("own/", OwnLogin.as_view())])),
]


def found(*, deploy: bool = False) -> dict[str, Any]:
    """Run the checks, and return those of the app by their ids."""
    told = [each for each in run_checks(include_deployment_checks=deploy) if str(each.id).startswith("xoxzo_2fa.")]
    assert all(each.hint for each in told)
    assert CANARY not in repr([(each.msg, each.hint) for each in told])
    return {str(each.id).partition(".")[2]: each for each in told}


def document(**changes: Any) -> dict[str, Any]:
    return {**shop.Shop().values["SETTINGS"], **changes}


@pytest.fixture
def given() -> Iterator[Callable[..., Any]]:
    """Return what overrides values of ``XOXZO_2FA``, or leaves out those that are None."""
    overrides: list[Any] = []

    def give(**changes: Any) -> shop.Shop:
        world = shop.Shop()
        values = {name: value for name, value in {**world.values, **changes}.items() if value is not None}
        overrides.append(override_settings(XOXZO_2FA=values))
        overrides[-1].enable()
        return world

    yield give
    for override in reversed(overrides):
        override.disable()


def test_a_project_that_is_right_is_told_nothing(given: Callable[..., Any], tmp_path: Path) -> None:
    given(GUARD={"file": tmp_path / "guard"})
    assert found(deploy=True) == {}
    # Nothing was made.
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (None, CANARY, "must be a dictionary"),
        (None, {"RECIPIENT": "phone", "PIN": CANARY}, "unknown key 'PIN'"),
        ("SETTINGS", 7, "must be the document"),
        ("RECIPIENT", None, "must be an attribute of users"),
        ("RECIPIENT", 7, "must be an attribute of users"),
        ("RECIPIENT", f"{CANARY}.phone", "nothing can be imported"),
        ("RECIPIENT", "django.conf.ENVIRONMENT_VARIABLE", "must be an attribute of users"),
        ("PURPOSE", 7, "must be a purpose"),
        ("CLIENT", f"{CANARY}.client", "nothing can be imported"),
        ("CLIENT", 7, "must be a key of request.META"),
        ("GUARD", {"file": CANARY, "redis": CANARY}, "must be {"),
        ("GUARD", {"elsewhere": CANARY}, "must be {"),
        ("GUARD", {"database": CANARY}, "no such alias"),
        ("GUARD", {"database": "default"}, "must be PostgreSQL"),
        ("GUARD", 7, "must be {"),
        ("GUARD", f"{CANARY}.guard", "nothing can be imported"),
        ("TRANSPORT", f"{CANARY}.send", "nothing can be imported"),
        ("DANGER_CLOCK", 7, "must be a function"),
    ],
)
def test_a_value_that_cannot_be_used(given: Callable[..., Any], key: str | None, value: Any, words: str) -> None:
    given(GUARD=MemoryGuard())
    wrong = value if key is None else {**settings.XOXZO_2FA, key: value}
    with override_settings(XOXZO_2FA=wrong):
        (fault,) = found().values()
        assert fault.id == "xoxzo_2fa.E001"
        assert fault.msg.startswith("XOXZO_2FA" if key is None else f"XOXZO_2FA['{key}']")
        assert words in fault.msg
        with pytest.raises(Unconfigured, match=r"XOXZO_2FA"):
            two_factor()


def test_no_dictionary_at_all() -> None:
    with override_settings():
        del settings.XOXZO_2FA
        configuration.cache_clear()
        assert "must be a dictionary" in found()["E001"].msg


def test_a_document_that_the_engine_refuses(given: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(SETTINGS=document(pin={"digits": 3}))
    assert "pin.digits" in found()["E002"].msg
    given(SETTINGS=document(keys=[CANARY]))
    assert "keys" in found()["E002"].msg
    given(SETTINGS=document(keys=[{"env": "NO_SUCH_VARIABLE"}]))
    assert "keys.0: the environment variable NO_SUCH_VARIABLE is not set" in found()["E002"].msg
    given(SETTINGS=tmp_path / "none.json")
    assert "cannot be read" in found()["E002"].msg
    for name in ("XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN", "XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"):
        monkeypatch.delenv(name, raising=False)
    world = given()
    values = {name: value for name, value in world.values.items() if name != "SETTINGS"}
    with override_settings(XOXZO_2FA=values):
        assert "is not set" in found()["E002"].msg
        for name in ("XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN"):
            monkeypatch.setenv(name, "canary")
        for name in ("XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"):
            monkeypatch.setenv(name, keygen())
        assert found() == {}


def test_users_without_the_attribute(given: Callable[..., Any]) -> None:
    given(RECIPIENT="telephone")
    assert set(found()) == {"E003"}
    given(RECIPIENT="django.contrib.auth.get_user")
    assert found() == {}


def test_a_purpose_that_the_document_lacks(given: Callable[..., Any]) -> None:
    given(PURPOSE="entry")
    assert set(found()) == {"E004"}
    given(PURPOSE="payment")
    assert found() == {}


def test_a_cap_for_each_client_needs_its_address(given: Callable[..., Any]) -> None:
    capped = document(failures={"per_client": {"count": 9, "seconds": 60}})
    given(SETTINGS=capped)
    assert set(found()) == {"E005"}
    given(SETTINGS=capped, CLIENT="REMOTE_ADDR")
    assert found() == {}


def test_middleware_that_is_missing_or_in_the_wrong_order(given: Callable[..., Any]) -> None:
    given()
    sessions, users = (next(name for name in settings.MIDDLEWARE if part in name) for part in ("Session", "Authentication"))
    for wrong in ([], [sessions], [users], [users, sessions]):
        with override_settings(MIDDLEWARE=wrong):
            assert "E006" in found()
    with override_settings(MIDDLEWARE=[sessions, OWN, users]):
        assert "comes before users are known" in found()["E006"].msg
    for right in ([sessions, users], [sessions, users, OWN]):
        with override_settings(MIDDLEWARE=right):
            assert "E006" not in found()


def test_a_file_that_others_can_change(given: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(0o777)
    folder.chmod(0o777)
    given(GUARD={"file": folder / "guard"})
    assert "others can write to the file's folder" in found()["E007"].msg
    folder.chmod(0o700)
    assert found() == {}
    (folder / "guard").touch(0o644)
    assert "others can read or write the file" in found()["E007"].msg
    (folder / "guard").unlink()
    (folder / "guard").symlink_to(tmp_path / "elsewhere")
    assert "the path is a link" in found()["E007"].msg
    given(GUARD={"file": ""})
    assert "names no file" in found()["E007"].msg


def test_users_without_a_session_hash(given: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given()

    class Bare:
        phone = ""

    monkeypatch.setattr("django.contrib.auth.get_user_model", lambda: Bare)
    assert set(found()) == {"E008"}


def test_pages_without_a_url(given: Callable[..., Any]) -> None:
    given()
    with override_settings(ROOT_URLCONF="django.contrib.auth.urls"):
        assert set(found()) == {"E009"}


def test_a_page_that_logs_in_with_a_password_alone(given: Callable[..., Any]) -> None:
    given()
    with override_settings(ROOT_URLCONF=__name__):
        told = found()
        assert set(told) == {"W010"}
        assert "/reset/ logs in" in repr(run_checks())
        assert told["W010"].msg.startswith("/other/old/ logs in")
        with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, OWN]):
            assert found() == {}


@pytest.fixture
def admin() -> Iterator[Any]:
    """Return the admin site, which is installed for the test."""
    with override_settings(INSTALLED_APPS=["django.contrib.messages", "django.contrib.admin", *settings.INSTALLED_APPS]):
        from django.contrib.admin import AdminSite  # noqa: PLC0415

        yield AdminSite()


def test_the_admin_sites_own_login(given: Callable[..., Any], admin: Any) -> None:
    given()
    ours = [path("", include("django_shop.urls"))]
    with override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": [*ours, path("admin/", admin.urls)]})):
        assert found()["W010"].msg.startswith("/admin/login/ logs in")
    admin.login = login_page
    with override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": [*ours, path("admin/", admin.urls)]})):
        assert "W010" not in found()


def test_sessions_in_cookies(given: Callable[..., Any]) -> None:
    given()
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        assert set(found()) == {"W011"}


def test_counters_or_sessions_of_one_process(given: Callable[..., Any], tmp_path: Path) -> None:
    given()
    assert "W012" not in found()
    assert "counters of its own" in found(deploy=True)["W012"].msg
    given(GUARD={"file": tmp_path / "guard"})
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.cache"):
        assert "sessions of its own" in found(deploy=True)["W013"].msg
        assert found() == {}


def test_django_itself_says_that_cookies_go_over_plain_http(given: Callable[..., Any]) -> None:
    given()
    ids = {each.id for each in run_checks(include_deployment_checks=True)}
    with override_settings(SESSION_COOKIE_SECURE=True):
        assert ids - {each.id for each in run_checks(include_deployment_checks=True)} == {"security.W012"}


def test_counters_are_beside_the_database(given: Callable[..., Any]) -> None:
    given(GUARD=None, DANGER_CLOCK=None)
    guard = Path(shop.DATA.name) / "xoxzo-2fa" / "guard"
    assert configuration().store() == guard
    assert found() == {}
    two_factor()
    assert (guard.stat().st_mode & 0o777, guard.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    name = connections["default"].settings_dict["NAME"]
    try:
        connections["default"].settings_dict["NAME"] = ":memory:"
        assert "is required beside this database" in found()["E001"].msg
    finally:
        connections["default"].settings_dict["NAME"] = name


def test_every_way_to_name_a_store(given: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for named in ({"redis": "redis://127.0.0.1:1"}, {"database": "counters"}, "xoxzo_2fa.MemoryGuard", MemoryGuard):
        given(GUARD=named)
        assert found() == {}
    assert isinstance(configuration().guard(), MemoryGuard)
    given(TRANSPORT="xoxzo_2fa.testing.FakeXoxzo")
    assert hasattr(configuration().transport(), "messages")
    monkeypatch.setitem(__import__("sys").modules, "xoxzo_2fa.django.postgresql", None)
    given(GUARD={"database": "counters"})
    assert "needs psycopg 3" in found()["E001"].msg


def test_threads_that_ask_first_at_once_get_one_client(given: Callable[..., Any]) -> None:
    made: list[MemoryGuard] = []

    def slow() -> MemoryGuard:
        time.sleep(0.05)
        made.append(MemoryGuard())
        return made[-1]

    given(GUARD=slow, DANGER_CLOCK=None)
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: two_factor(), range(8)))
    assert (len(made), len(set(map(id, clients)))) == (1, 1)


# The command


@pytest.fixture
def world(given: Callable[..., Any]) -> Iterator[shop.Shop]:
    call_command("migrate", run_syncdb=True, verbosity=0)
    world: shop.Shop = given()
    get_user_model().objects.create_user(username="ann", password="correct horse", phone="+819012345678")
    get_user_model().objects.create_user(username="none", password="correct horse")
    yield world
    call_command("flush", verbosity=0, interactive=False)


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("two_factor", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command(world: shop.Shop, caplog: pytest.LogCaptureFixture) -> None:
    from django.test import Client  # noqa: PLC0415

    client = Client()
    client.post("/account/login/", {"username": "ann", "password": "correct horse"})
    for _ in range(5):
        client.post("/account/login/code/", {"pin": other_than(world.xoxzo.pin())})
    limits = told("limits", "ann")
    assert "failures.soft: 5 of 10, ends in" in limits
    with caplog.at_level("INFO", "xoxzo_2fa.audit"):
        assert "cleared 5 failures with this number, 5 in all, and 1 messages" in told("--operator", "bea", "unlock", "ann")
    assert "operator=bea" in caplog.text
    assert "failures.soft: 0 of 10" in told("limits", "ann")
    assert "the account has 1000 credits" in told("check")
    text = limits + caplog.text
    assert not [secret for secret in ("+819012345678", world.xoxzo.pin()) if secret in text]


def test_the_command_repairs(world: shop.Shop, given: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can be repaired"):
        told("repair")
    SqliteGuard(tmp_path / "guard", danger_clock=world.clock).add([Charge.new("A" * 22, 1, 9, 60)])
    given(GUARD={"file": tmp_path / "guard"})
    assert "the store is shut for 840 s more, and keeps 1 counters, of which 1 begin anew" in told("repair")
    given(GUARD=SqliteGuard(tmp_path / "other"))
    with pytest.raises(CommandError, match="can be repaired"):
        told("repair")


def test_the_command_says_what_is_wrong(world: shop.Shop, given: Callable[..., Any]) -> None:
    with pytest.raises(CommandError, match="there is no such user"):
        told("limits", "nobody")
    with pytest.raises(CommandError, match="the user has no number"):
        told("limits", "none")
    with pytest.raises(CommandError, match="nothing-locked"):
        told("unlock", "ann")
    world.xoxzo.fault = "not-sent"
    with pytest.raises(CommandError, match=r"provider: .*connect: no connection"):
        told("check")

    class Gone:
        scope = "shared"

        def add(self, _: Any) -> Any:
            raise GuardUnreachable("connect: no connection")

    given(GUARD=Gone())
    with pytest.raises(CommandError, match="connect: no connection"):
        told("check")
    given(RECIPIENT=7)
    with pytest.raises(CommandError, match="RECIPIENT"):
        told("check")
