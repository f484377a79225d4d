"""Where the gate sends people, and what it writes into headers, is its own."""

from client import request
from court import Court
from person import CHALLENGE

HTML = [("accept", "text/html"), ("sec-fetch-dest", "document")]


def redirects(court: Court) -> None:
    """The way back is the path that was asked for, on this origin, or `/`."""
    world = court.world
    tries = (
        "/account?next=//evil.example", "/account?next=https://evil.example/", "/account?return_to=//evil.example", "/account?%0d%0aset-cookie:%20a=b",
        "/account?a=\\evil.example", "/account?a=%5c%5cevil.example", "/@evil.example", "/evil.example:80", "/account?x=<script>alert(1)</script>",
        "/account?x='\"><img>", "/account?x=%00", "/account?%E2%80%AE", "/account?" + "a" * 3000, "/account/" + "b" * 900, "/account?a=javascript:alert(1)",
        "/javascript:alert(1)", "/http:evil.example", "/http:/evil.example", "/%20", "/account?;a=b", "/account?a;path=/", "/account?a,b=c",
    )  # fmt: skip
    for path in tries:
        person = world.person()
        answer = person.ask("GET", path, HTML)  # Accept has both: the page is wanted, but for Accept of JSON alone.
        answer = request(world.port, "GET", path, [*person.headers(), *HTML]) if answer.status == 401 else answer
        court.attack(f"{path[:40]} without a pass", answer, 303, 400, 401)
        if answer.status != 303:
            continue
        court.hold(f"{path[:40]} leads to the gate", answer.header("location") == "/.2fa/", answer.headers)
        person.cookies |= {name: value for name, value in answer.cookies().items() if name == CHALLENGE}
        person.start()
        done = person.verify(person.pin())
        back = str(done.json().get("return_to", ""))
        court.hold(f"{path[:40]} leads back", back in (path, path.split("?")[0], "/"), (done, back))
        court.hold(
            f"{path[:40]} sets its own cookies",
            all(name.startswith("__Host-2fa-") for name in done.cookies()),
            done.headers,
        )


def parameters(court: Court) -> None:
    """No parameter of the gate's page chooses where it leads."""
    world = court.world
    for name in ("return_to", "return", "next", "url", "redirect", "to", "continue", "rd", "service"):
        for value in ("//evil.example", "https://evil.example", "/\\evil.example"):
            person = world.person()
            page = request(world.port, "GET", f"/.2fa/?{name}={value}", [*person.headers(), *HTML])
            court.attack(f"{name}={value}", page, 200, 400)
            court.hold(f"{name}={value} is not in the page", b"evil.example" not in page.body)
            court.hold(f"{name}={value} is in no header", "evil.example" not in str(page.headers), page.headers)
        person = world.person()
        person.start()
        done = person.press("verify", pin=person.pin(), **{name: "//evil.example"})
        court.hold(f"{name} in the form", done.json().get("return_to", "/") == "/", done)


def reflected(court: Court) -> None:
    """Languages, cookies, hosts and origins that would write into the answer."""
    world = court.world
    person = world.person()
    dirty = (
        b"ja\rset-cookie: a=b",
        b"\xff\xfe",
        b"<script>",
        b"ja;q=\xe3\x81\x82",
        b"a" * 8000,
        b"ja,,,;;q=9",
        b"*",
        b"-",
        b"ja\x00",
        b"zh-\x80",
        b",".join([b"ja"] * 2000),
    )
    for value in dirty:
        for name in (
            "accept-language",
            "accept",
            "user-agent",
            "referer",
            "sec-fetch-dest",
            "x-forwarded-for",
            "x-forwarded-proto",
        ):
            answer = request(world.port, "GET", "/.2fa/", [*person.headers(), ("accept", "text/html"), (name, value)])
            court.attack(f"{name}: {value[:20]!r}", answer, 200, 400, 401, 431)
            court.hold(
                f"{name}: {value[:20]!r} is not in the page",
                b"<script>" not in answer.body.replace(b"<script src", b""),
            )
            court.hold(
                f"{name}: {value[:20]!r} sets nothing",
                set(answer.cookies()) <= {CHALLENGE, "__Host-2fa-session"},
                answer.headers,
            )
    for host in ("evil.example", "localhost:1", "localhost@evil.example"):
        answer = request(world.port, "GET", "/account", [*person.headers(), *HTML], host=host)
        court.attack(f"host {host}", answer, 303, 400, 401, 404)
        court.hold(f"host {host} is in no header", "evil.example" not in str(answer.headers), answer.headers)


def headers_of_pages(court: Court) -> None:
    """What every answer of the gate has to say."""
    world = court.world
    person = world.person()
    for path, status in (("/.2fa/", 200), ("/account", 303), ("/.2fa/x", 404)):
        answer = request(world.port, "GET", path, [*person.headers(), *HTML])
        court.attack(f"{path} as a page", answer, status)
        told = {
            name: answer.header(name)
            for name in ("cache-control", "referrer-policy", "content-security-policy", "x-content-type-options")
        }
        court.hold(f"{path} is stored nowhere", "no-store" in told["cache-control"], told)
        if status == 200:
            policy = told["content-security-policy"]
            court.hold("frames", "frame-ancestors 'none'" in policy, policy)
            court.hold("scripts", "unsafe" not in policy and "default-src 'none'" in policy, policy)
            court.hold("forms", "form-action 'self'" in policy, policy)
            court.hold("referrer", told["referrer-policy"] in ("no-referrer", "same-origin"), told)
            court.hold("sniffing", told["x-content-type-options"] == "nosniff", told)
        for cookie in answer.all("set-cookie"):
            flags = [flag.strip().lower() for flag in cookie.split(";")[1:]]
            whole = {"path=/", "secure", "httponly", "samesite=lax"} <= set(flags) and not [
                flag for flag in flags if flag.startswith("domain")
            ]
            court.hold(f"flags of {cookie.split('=')[0]}", whole and cookie.startswith("__Host-"), cookie)


ALL = (redirects, parameters, reflected, headers_of_pages)
