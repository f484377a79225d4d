"""How the pages look and read: without JavaScript, in Japanese, in the dark, on a small screen, with a keyboard, and as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from client import Answer
from payments import Till
from person import PASS
from shopper import LOGOUT, PIN, RESEND, VERIFY, Shopper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shopper import Stage

# What a program is told that asks for a closed page.
REQUIRED = "This needs a code first. What you sent was not passed on."

KANA = r"[\u3041-\u30ff]"

# What is wrong with a page for those who cannot see it, or see it badly.
EXAMINE = """() => {
  const wrong = [];
  const shown = (one) => one.type !== 'hidden' && one.offsetParent !== null;
  if (!document.documentElement.lang) wrong.push('no language');
  if (!document.title.trim()) wrong.push('no title');
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  if (!document.querySelector('meta[name=viewport]')) wrong.push('no viewport');
  if (document.querySelector('meta[name=viewport]')?.content.match(/user-scalable=no|maximum-scale=1\\b/)) wrong.push('no zoom');
  for (const one of document.querySelectorAll('input, select, textarea'))
    if (shown(one) && !one.labels.length && !one.ariaLabel) wrong.push('no label: ' + one.outerHTML);
  for (const one of document.querySelectorAll('button, a'))
    if (!(one.innerText || one.ariaLabel || '').trim()) wrong.push('no text: ' + one.outerHTML);
  for (const one of document.querySelectorAll('img'))
    if (!one.hasAttribute('alt')) wrong.push('no alt: ' + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll('[tabindex]'))
    if (one.tabIndex > 0) wrong.push('order of its own: ' + one.outerHTML);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push('wider than the screen');
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const css = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(css)) return css;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)';
  };
  for (const one of document.querySelectorAll('h1, p, label, button, a, [role=alert]')) {
    if (!one.innerText?.trim() || one.offsetParent === null || one.disabled) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) wrong.push('contrast ' + ((a + 0.05) / (b + 0.05)).toFixed(1) + ': ' + one.innerText.slice(0, 40));
  }
  return wrong;
}"""
SHADE = "() => getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"


def examine(one: Shopper, where: str) -> None:
    wrong = one.page.evaluate(EXAMINE)
    assert not wrong, f"{where}: {wrong}"


def through_all_pages(one: Shopper, look: Any) -> None:
    """Every page of the gate, in turn."""
    one.open()
    look("start")
    one.start()
    look("code")
    one.enter(one.wrong_pin())
    look("wrong PIN")
    one.enter(one.pin())
    one.at("/account")
    one.page.goto("/.2fa/")
    look("done")


def accessible(stage: Stage) -> None:
    """Names, labels, order, contrast, and a screen of 320 points."""
    for context in ({}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 568}}, {"locale": "ja-JP"}):
        with stage.shopper(**context) as one:
            through_all_pages(one, lambda where, one=one: examine(one, where))
    with stage.shopper() as one:
        one.page.goto("/account")
        examine(one, "sign in first")


# A name of each language, as a browser sends it.
LANGUAGES = ("en-GB", "ja-JP", "id-ID", "ms-MY", "vi-VN", "th-TH", "zh-CN", "zh-TW", "ko-KR", "es-ES")
# How people look at pages. At 400 %, a window of 1280 points has 320.
VIEWS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True},
    "dark": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
    "400": {"viewport": {"width": 320, "height": 256}},
}


def every_page(one: Shopper, look: Callable[[str], None]) -> None:
    """All pages that people see: of a code, of a payment, and of what went wrong."""
    one.page.goto("/account")
    look("sign in first")
    through_all_pages(one, look)
    one.page.goto("/.2fa/nothing")
    look("not found")
    till, person = Till(one.world), one.person()
    one.page.goto(till.path(till.sign(person)))
    look("payment")
    one.page.goto(till.path("x"))
    look("payment refused")
    one.forget(PASS)
    one.page.goto("/healthz")
    one.post("/account")
    look("form refused")


def languages(stage: Stage) -> None:
    """In each language no page has a fault that axe-core finds, none is wider than the screen, and each says which language it is in."""
    axe = Axe()
    for language in LANGUAGES:
        for name, context in VIEWS.items():
            # Colours are the same in every language.
            if name == "dark" and language != LANGUAGES[0]:
                continue
            with stage.shopper(locale=language, **context) as one:

                def look(where: str, one: Shopper = one, language: str = language, name: str = name) -> None:
                    examine(one, f"{language}, {name}, {where}")
                    root = one.page.locator("html")
                    told = root.get_attribute("lang") or ""
                    wanted = {"zh-CN": "zh-Hans", "zh-TW": "zh-Hant"}.get(language, language.partition("-")[0])
                    assert (told, root.get_attribute("dir")) == (wanted, "ltr"), f"{language}, {where}: {told}"
                    if name != "400":
                        found = axe.run(one.page)
                        assert not found.violations_count, f"{language}, {name}, {where}: {found.generate_report()}"
                    one.shot(stage.shots, f"{language}-{name}-{where.replace(' ', '-')}")

                every_page(one, look)


def by_keyboard(stage: Stage) -> None:
    """The field has the focus, the keyboard of digits and the code from the message; Enter sends."""
    with stage.shopper() as one:
        one.open()
        one.start()
        field = one.page.locator(PIN)
        told = {name: field.get_attribute(name) for name in ("inputmode", "autocomplete")}
        assert told == {"inputmode": "numeric", "autocomplete": "one-time-code"}, told
        assert field.evaluate("(field) => document.activeElement === field"), "the field has no focus"
        one.page.keyboard.type(one.wrong_pin())
        one.page.keyboard.press("Enter")
        one.alert().wait_for()
        field = one.page.locator(PIN)
        assert field.evaluate("(field) => document.activeElement === field"), "the field has no focus after a wrong PIN"
        described = field.get_attribute("aria-describedby") or ""
        assert field.get_attribute("aria-invalid") == "true" or described, "the field is not said to be wrong"
        one.page.keyboard.type(one.pin())
        one.page.keyboard.press("Enter")
        one.page.wait_for_url("**/account")


def errors_come_first(stage: Stage) -> None:
    """The title says that something went wrong, and the focus is on it: the code's field, or else the message."""
    focus = "() => document.activeElement.id"
    with stage.shopper() as one:
        one.open()
        assert not one.page.title().startswith("Error"), one.page.title()
        one.start()
        one.enter(one.wrong_pin())
        assert one.page.title().startswith("Error: "), one.page.title()
        assert one.page.evaluate(focus) == "pin"
        one.page.goto("/.2fa/nothing")
        assert one.page.title().startswith("Error: "), one.page.title()
        assert one.page.evaluate(focus) == "alert"


def waiting(stage: Stage) -> None:
    """Buttons for another message work when one may be asked for: scripts count the seconds, and without them a line says how many."""
    with stage.shopper() as one:
        one.page.clock.set_fixed_time(1_000_000_000)
        one.open()
        one.start()
        assert not one.page.locator(RESEND).is_enabled()
        assert re.search(r"again in \d:\d\d\.", one.text()), one.text()
        one.page.clock.set_fixed_time(1_000_001_000)
        one.page.locator(f"{RESEND}:enabled").wait_for()
        assert not one.page.locator("#wait").is_visible()
    with stage.shopper(java_script_enabled=False) as one:
        one.open()
        one.start()
        assert one.page.locator(RESEND).is_enabled()


def without_javascript(stage: Stage) -> None:
    with stage.shopper(java_script_enabled=False) as one:
        one.open("/account?a=b")
        one.start()
        first = one.pin()
        one.enter(one.wrong_pin())
        assert one.alert().inner_text().strip()
        one.press(RESEND, "sms", 2)
        assert one.pin() == first
        one.page.goto("/.2fa/")
        one.enter(first)
        one.at("/account?a=b")
        one.page.goto("/.2fa/")
        one.click(LOGOUT)
        one.at("/login")


def japanese(stage: Stage) -> None:
    with stage.shopper(locale="ja-JP") as one:

        def look(where: str) -> None:
            assert one.page.locator("html").get_attribute("lang") == "ja", where
            assert one.shows(KANA), f"{where}: {one.text()}"
            one.shot(stage.shots, f"ja-{where.replace(' ', '-')}")

        through_all_pages(one, look)
        assert any(0x3040 < ord(letter) < 0x3100 for letter in one.messages()[0]), one.messages()


def dark(stage: Stage) -> None:
    with stage.shopper(color_scheme="dark") as one, stage.shopper() as other:
        one.open()
        other.open()
        shades = one.page.evaluate(SHADE), other.page.evaluate(SHADE)
        assert shades[0] < 200 and shades[1] > 600, shades
        one.start()
        one.shot(stage.shots, "dark")


def small_screen(stage: Stage) -> None:
    with stage.shopper(
        viewport={"width": 360, "height": 640}, device_scale_factor=2, is_mobile=True, has_touch=True
    ) as one:
        one.open()
        one.page.tap('form[action="/.2fa/start"] button')
        box = one.page.locator(VERIFY).bounding_box()
        assert box and box["height"] >= 40, box
        one.shot(stage.shots, "small")
        one.enter(one.pin())
        one.at("/account")


def as_json(stage: Stage) -> None:
    """A program instead of a browser."""
    person = stage.shop.person()
    refused = person.ask("GET", "/account")
    assert (refused.status, refused.json()) == (
        401,
        {"error": "two-factor-required", "text": REQUIRED, "gate": "/.2fa/"},
    ), str(refused)
    step = person.step()
    expect(step, 200, step="start")
    assert step.json()["to"] == f"{person.phone[:3]}********{person.phone[-2:]}", step.json()
    expect(person.press("start"), 200, step="code", voice=True)
    told = person.step().json()
    assert 0 < told["expires_in_seconds"] <= 300 and "resend_after_seconds" in told, told
    wrong = person.verify(person.wrong_pin())
    assert 400 <= wrong.status < 500 and wrong.json()["error"] == "wrong-pin" and wrong.json()["guesses_left"] == 4, (
        str(wrong)
    )
    expect(person.verify(person.pin()), 200, step="done", return_to="/")
    stage.shop.reach(person, "/account")
    expect(person.step(), 200, step="done")
    large = person.ask("POST", "/transfer", [("content-type", "application/octet-stream")], b"a" * 600_000)
    assert large.status == 403 and stage.shop.seen()[-1].body == b"a" * 600_000, "a large body did not arrive whole"
    expect(person.press("logout"), 200, step="start")
    assert person.ask("GET", "/account").status == 401


def expect(answer: Answer, status: int, **members: Any) -> None:
    told = answer.json()
    assert answer.status == status and {name: told.get(name) for name in members} == members, (
        f"{answer}, not {status} {members}"
    )


def renewed(stage: Stage) -> Iterator[float]:
    """Who goes on is given a fresh cookie, once a minute, that no cache keeps; old and new end together. And a stale pass transfers nothing."""
    world = stage.shop
    person = world.signed_in()
    old = dict(person.cookies)
    assert not person.ask("GET", "/account").all("set-cookie")
    yield 61
    answer = person.ask("GET", "/account")
    assert answer.status == 200 and set(answer.cookies()) == {PASS}, answer.headers
    assert answer.header("cache-control") == "no-store", answer.headers
    assert person.cookies[PASS] != old[PASS]
    assert not person.ask("GET", "/account").all("set-cookie")
    before = len(world.seen())
    for method in ("GET", "POST", "PUT"):
        answer = person.ask(method, "/transfer/x", world.own_page(), b"to=x&amount=1")
        assert answer.status == 401 and len(world.seen()) == before, str(answer)
    person.step()
    expect(person.press("logout"), 200, step="start")
    for cookies in (old, dict(person.cookies)):
        person.cookies = cookies
        assert person.ask("GET", "/account").status == 401


WAITING = (renewed,)
STORIES = (
    accessible,
    languages,
    by_keyboard,
    errors_come_first,
    waiting,
    without_javascript,
    japanese,
    dark,
    small_screen,
    as_json,
)
