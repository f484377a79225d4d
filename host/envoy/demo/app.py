"""A shop with accounts. It knows a password for each user, and nothing of a second factor or of Envoy."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from . import pages, tokens
from .exchange import Handler, Reply, Request, Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# Seconds that a session lasts.
SESSION = 8 * 3600

# What a transfer takes.
TO = re.compile(r"[^\x00-\x1f]{1,40}")
AMOUNT = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True)
class User:
    """What the shop has of a user. `version` changes with the password or the phone."""

    name: str
    subject: str
    phone: str
    version: int = 1
    transfers: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Visitor:
    """Whose request it is. `form` is what the hidden field of this session's forms holds."""

    user: User
    session: str
    form: str

    def page(self, title: str, body: str, status: int = 200) -> Reply:
        """Answer with a page."""
        return Reply(status, pages.page(title, body, self.user.name, self.form))


class App:
    """The shop, on a free port of 127.0.0.1, in threads of this process; a context manager.

    `address` is where it listens. `requests` holds every request that reached it, oldest first, if it was made with
    `record`, and else is `None`.
    """

    def __init__(
        self,
        *,
        session_key: bytes,
        issuer: str,
        audience: str,
        cookie: str,
        password: str | None = None,
        record: bool = False,
    ) -> None:
        """Start it. `configuration.session_rules` gives `issuer`, `audience` and the name of the session's `cookie`."""
        self.session_key, self.issuer, self.audience, self.cookie = session_key, issuer, audience, cookie
        self.password = password or secrets.token_urlsafe(9)
        self.users = {
            user.name: user
            for user in (User("alice", "user-1", "+819012345678"), User("bob", "user-2", "+819087654321"))
        }
        self.requests: list[Request] | None = [] if record else None
        self._ended: set[str] = set()
        self._public: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/healthz"): lambda _: Reply(200, "ok\n", kind="text/plain"),
            ("GET", "/static/style.css"): lambda _: Reply(200, pages.STYLE, kind="text/css"),
            ("GET", "/login"): lambda _: Reply(200, pages.page("Sign in", pages.sign_in(self.users))),
            ("POST", "/login"): self._sign_in,
        }
        self._private: dict[tuple[str, str], Callable[[Request, Visitor], Reply]] = {
            ("GET", "/"): lambda _, visitor: visitor.page("Shop", pages.home(visitor.user.name)),
            ("GET", "/account"): lambda request, visitor: visitor.page(
                "Account", pages.account(visitor.user.phone, visitor.user.transfers, request.headers)
            ),
            ("GET", "/transfer"): lambda _, visitor: visitor.page("Transfer", pages.transfer(visitor.form)),
            ("POST", "/transfer"): self._transfer,
            ("GET", "/logout"): self._leave,
            ("POST", "/logout"): self._sign_out,
        }
        self._server = Server(("127.0.0.1", 0), lambda *arguments: Handler(self.receive, *arguments))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_port)

    def session(self, name: str, **changes: Any) -> str:
        """Give a new session of a user, as `POST /login` does. Tests change or (with `None`) take out claims."""
        user = self.users[name]
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + SESSION}
        claims |= {
            "sub": user.subject,
            "phone_number": user.phone,
            "sid": secrets.token_urlsafe(16),
            "cv": str(user.version),
        }
        claims |= changes
        return tokens.sign({key: value for key, value in claims.items() if value is not None}, self.session_key)

    def receive(self, request: Request) -> Reply:
        """Answer a request."""
        if self.requests is not None:
            self.requests.append(request)
        route = ("GET" if request.method == "HEAD" else request.method, urlsplit(request.target).path)
        if route in self._public:
            return self._public[route](request)
        visitor = self._visitor(request)
        if visitor is None:
            return Reply(303, headers=[("location", "/login")])
        if route[0] == "POST" and not hmac.compare_digest(request.field("form").encode(), visitor.form.encode()):
            return visitor.page("Not our form", "<p>Please go back and try again.</p>", 403)
        if route in self._private:
            return self._private[route](request, visitor)
        return visitor.page("Not here", "<p>There is no such page.</p>", 404)

    def _visitor(self, request: Request) -> Visitor | None:
        """Say whose session a request has."""
        claims = tokens.verify(request.cookie(self.cookie), self.session_key, self.issuer, self.audience)
        user = next((user for user in list(self.users.values()) if claims and user.subject == claims.get("sub")), None)
        if claims is None or user is None or claims.get("sid") in self._ended:
            return None
        session = str(claims.get("sid"))
        return Visitor(
            user, session, tokens.encode(hmac.digest(self.session_key, b"form " + session.encode(), "sha256"))
        )

    def _sign_in(self, request: Request) -> Reply:
        """Check a password, and give a session."""
        user = self.users.get(request.field("name"))
        if not hmac.compare_digest(request.field("password").encode(), self.password.encode()) or user is None:
            return Reply(401, pages.page("Sign in", pages.sign_in(self.users, "Wrong name or password.")))
        cookie = self._cookie(self.session(user.name), SESSION)
        return Reply(303, headers=[("location", "/"), ("set-cookie", cookie)])

    def _leave(self, request: Request, visitor: Visitor) -> Reply:
        """End the session of who comes from the gate. Others see a button: a link elsewhere must sign nobody out."""
        if request.header("sec-fetch-site") == ["same-origin"]:
            return self._sign_out(request, visitor)
        return visitor.page("Sign out", pages.sign_out(visitor.form))

    def _sign_out(self, _request: Request, visitor: Visitor) -> Reply:
        """End a session, on this side too: a copy of its cookie is worth nothing."""
        self._ended.add(visitor.session)
        return Reply(303, headers=[("location", "/login"), ("set-cookie", self._cookie("", 0))])

    def _transfer(self, request: Request, visitor: Visitor) -> Reply:
        """Send money."""
        to, amount = request.field("to"), request.field("amount")
        if not TO.fullmatch(to) or not AMOUNT.fullmatch(amount):
            return visitor.page("Transfer", pages.transfer(visitor.form, "To whom, and how much?"), 400)
        visitor.user.transfers.append((to, int(amount)))
        return visitor.page("Transfer", pages.notice(f"Sent {int(amount):,} yen to {to}."))

    def _cookie(self, value: str, seconds: int) -> str:
        return f"{self.cookie}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
