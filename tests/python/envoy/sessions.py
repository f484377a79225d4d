"""Stories of the pass: whose it is, how long it lasts, and where."""

from person import PASS, SESSION
from shopper import LOGOUT, Stage


def second_browser(stage: Stage) -> None:
    with stage.shopper() as one, stage.shopper(user=one.user) as two:
        one.pass_gate()
        two.open()
        one.page.goto("/account")
        one.at("/account")


def stolen_pass(stage: Stage) -> None:
    """A pass that was copied into another session of the same user is none."""
    with stage.shopper() as one, stage.shopper(user=one.user) as thief, stage.shopper() as stranger:
        one.pass_gate()
        for other in (thief, stranger):
            other.sign_in()
            other.put(one.take(PASS))
            other.page.goto("/account")
            other.at("/.2fa/")


def logout(stage: Stage) -> None:
    """The logout ends pass and session. With old copies of both, the pass is none."""
    with stage.shopper() as one:
        one.pass_gate()
        copies = [one.take(PASS), one.take(SESSION)]
        one.page.goto("/.2fa/")
        one.click(LOGOUT)
        one.at("/login")
        assert not {PASS, SESSION} & one.cookies(), one.cookies()
        answer = one.page.goto("/account")
        assert answer and answer.status == 401, answer
        assert one.page.locator('a[href="/login"]').count() == 1, one.text()
        for copy in copies:
            one.put(copy)
        one.page.goto("/account")
        one.at("/.2fa/")
    # A link signs nobody out: the app asks.
    with stage.shopper() as one:
        one.sign_in()
        one.page.goto("/logout")
        assert SESSION in one.cookies() and one.page.locator('main form[action="/logout"]').count() == 1, one.text()


def changed_phone(stage: Stage) -> None:
    """With the new number in the session the old pass is none, and the code goes to the new phone."""
    with stage.shopper() as one:
        one.pass_gate()
        old = one.take(PASS)
        one.changed(phone=one.world.person().phone, version=2)
        one.sign_in()
        one.put(old)
        one.page.goto("/account")
        one.at("/.2fa/")
        one.start()
        assert len(one.messages()) == 1
        one.enter(one.pin())
        one.at("/account")


def two_tabs(stage: Stage) -> None:
    """Two pages were asked for, one code is enough, and only one was sent."""
    with stage.shopper() as one:
        one.open("/account")
        second = one.context.new_page()
        second.goto("/")
        one.at("/.2fa/", second)
        one.start()
        one.reload(second)
        one.enter(one.pin(), second)
        assert second.url in (f"{one.world.origin}/", f"{one.world.origin}/account")
        one.page.goto("/account")
        one.at("/account")
        assert len(one.messages()) == 1


def back_and_reload(stage: Stage) -> None:
    """Reloading and going back send nothing and count nothing."""
    with stage.shopper() as one:
        one.open()
        one.start()
        for _ in range(3):
            one.reload()
        one.enter(one.wrong_pin())
        for _ in range(6):
            one.reload()
            one.at("/.2fa/")
        assert len(one.messages()) == 1
        one.enter(one.pin())
        one.at("/account")
        one.back()
        one.reload()
        assert one.page.locator("body").inner_text().strip()
        one.page.goto("/account")
        one.at("/account")
        assert len(one.messages()) == 1


def not_signed_in(stage: Stage) -> None:
    """Who has no session is led to the sign-in page."""
    with stage.shopper() as one:
        answer = one.page.goto("/account")
        assert answer and answer.status == 401, answer
        one.shot(stage.shots, "sign-in-first")
        one.click('a[href="/login"]')
        one.at("/login")


STORIES = (second_browser, stolen_pass, logout, changed_phone, two_tabs, back_and_reload, not_signed_in)
