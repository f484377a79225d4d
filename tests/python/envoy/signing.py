"""Stories of the code: how it comes, how it is entered, and how it ends."""

from collections.abc import Iterator

from shopper import PIN, RESEND, VOICE, Stage

START = 'form[action="/.2fa/start"] button'


def first_time(stage: Stage) -> None:
    """Password, code, and the page that was asked for, with its query."""
    with stage.shopper() as one:
        one.open("/account?tab=transfers&next=%2F")
        assert not one.messages(), "a message without a press of the button"
        assert one.user.phone not in one.page.content(), "the whole number is shown"
        one.shot(stage.shots, "start")
        one.start()
        assert len(one.messages()) == 1
        one.shot(stage.shots, "code")
        one.enter(one.pin())
        one.at("/account?tab=transfers&next=%2F")
        assert one.shows("A receipt of the second factor came")
        one.page.goto("/")
        one.at("/")
        one.page.goto("/.2fa/")
        one.shot(stage.shots, "done")
        assert len(one.messages()) == 1


def wrong_then_right(stage: Stage) -> None:
    with stage.shopper() as one:
        one.open()
        one.start()
        one.enter(one.wrong_pin())
        one.at("/.2fa/")
        assert one.alert().inner_text().strip(), "no word of the wrong PIN"
        assert one.page.locator(PIN).input_value() == "", "the wrong PIN is still there"
        one.shot(stage.shots, "wrong-pin")
        one.enter(one.pin())
        one.at("/account")


def exhausted(stage: Stage) -> None:
    """Five wrong PINs end a challenge; the right one comes too late, and a new one works."""
    with stage.shopper() as one:
        one.open()
        one.start()
        wrong, right = one.wrong_pin(), one.pin()
        for _ in range(5):
            one.enter(wrong)
        if one.page.locator(PIN).count():
            one.enter(right)
        one.at("/.2fa/")
        assert one.alert().inner_text().strip()
        one.shot(stage.shots, "exhausted")
        one.press(START, "sms", 2)
        one.page.goto("/.2fa/")
        one.enter(one.pin())
        one.at("/account")


def resend(stage: Stage) -> None:
    """The same code once more."""
    with stage.shopper() as one:
        one.open()
        one.start()
        first = one.pin()
        one.press(RESEND, "sms", 2)
        assert one.pin() == first, "another code"
        one.page.goto("/.2fa/")
        one.enter(first)
        one.at("/account")


def voice(stage: Stage) -> None:
    """The same code by a call."""
    with stage.shopper() as one:
        one.open()
        one.start()
        one.press(VOICE, "voice", 1)
        spoken = "".join(letter for letter in one.messages("voice")[0] if letter.isdigit())
        assert spoken.count(one.pin()) == 2, spoken
        one.page.goto("/.2fa/")
        one.enter(one.pin())
        one.at("/account")


def locked(stage: Stage) -> None:
    """Three failures lock, and the page says where to go."""
    with stage.shopper(stage.brief) as one:
        one.open()
        one.start()
        for _ in range(3):
            one.enter(one.wrong_pin())
        one.at("/.2fa/")
        assert one.page.locator(PIN).count() == 0, "no try is left, and the page asks for one"
        one.page.locator(START).click()
        one.page.get_by_role("heading", name="Confirming is locked").wait_for()
        link = one.page.locator("a.recovery")
        assert link.get_attribute("href") == "https://help.example.com/lost-phone"
        one.shot(stage.shots, "locked")
        assert one.page.locator(PIN).count() == 0
        one.page.goto("/account")
        one.at("/.2fa/")
        assert len(one.messages()) == 1


def expired(stage: Stage) -> Iterator[float]:
    """A code that came too late, and a new one."""
    with stage.shopper(stage.brief) as one:
        one.open()
        one.start()
        late = one.pin()
        yield 61
        if one.page.locator(PIN).count():
            one.enter(late)
        one.at("/.2fa/")
        assert one.alert().inner_text().strip()
        one.shot(stage.shots, "expired")
        one.press(START, "sms", 2)
        assert one.pin() != late
        one.page.goto("/.2fa/")
        one.enter(one.pin())
        one.at("/account")


def idle(stage: Stage) -> Iterator[float]:
    """Who has not been there for a minute needs a new code."""
    with stage.shopper(stage.brief) as one:
        one.pass_gate()
        # A form that was being filled in meanwhile.
        one.page.goto("/transfer")
        one.page.fill("input[name=to]", "Bob é")
        one.page.fill("input[name=amount]", "1200")
        yield 61
        one.click("main button")
        one.at("/transfer")
        assert one.shows("Your browser still has what you sent"), one.text()
        one.shot(stage.shots, "form-kept")
        with one.context.expect_page() as opened:
            one.page.click("main a")
        tab = opened.value
        one.click(START, tab)
        one.enter(one.pin(), tab)
        one.at("/transfer", tab)
        one.reload()
        assert one.shows("Sent 1,200 yen to Bob é"), one.text()


def step_up(stage: Stage) -> Iterator[float]:
    """A transfer needs a code of the last minute, and the rest does not; the transfer then arrives whole."""
    with stage.shopper() as one:
        one.pass_gate()
        one.page.goto("/transfer")
        one.at("/transfer")
        yield 61
        one.page.goto("/account")
        one.at("/account")
        for path in ("/transfer/x", "/Transfer", "/transfer"):
            one.page.goto(path)
            one.at("/.2fa/")
        one.shot(stage.shots, "step-up")
        one.start()
        one.enter(one.pin())
        one.at("/transfer")
        one.page.fill("input[name=to]", "Bob é")
        one.page.fill("input[name=amount]", "1200")
        one.click("main button")
        assert one.shows("Sent 1,200 yen to Bob é"), one.text()


STORIES = (first_time, wrong_then_right, exhausted, resend, voice, locked)
WAITING = (expired, idle, step_up)
