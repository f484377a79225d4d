"""A shop in FastAPI behind a second factor, with a Xoxzo and a clock in memory, for tests."""

# FastAPI reads annotations when a route is made, and does not find names of a function in those that are text.
import contextlib
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.requests import HTTPConnection
from fastapi.testclient import TestClient
from starlette.middleware.sessions import SessionMiddleware

from xoxzo_2fa import AsyncTwoFactor, Binding, Guard, MemoryGuard, Settings, Transaction
from xoxzo_2fa.fastapi import TwoFactorRoutes
from xoxzo_2fa.testing import Clock, FakeXoxzo, document

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


PURPOSES = [{"name": name, "after_first_factor": True} for name in ("login", "payment")]


class Shop:
    """The application, and what it knows: users' numbers, sessions that have ended, payments that were made.

    sessions: sessions that the server keeps, by the header ``x-session``. With a signed cookie if None.
    """

    def __init__(self, guard: type[MemoryGuard] = MemoryGuard, *, sessions: dict[str, Any] | None = None, **changes: Any) -> None:
        self.xoxzo, self.clock = FakeXoxzo(), Clock()
        self.guard: Guard = guard(danger_clock=self.clock)
        self.settings = Settings(document(purposes=PURPOSES, **changes))
        self.phones = {"user-1": "+819012345678", "user-2": "+819012345679"}
        self.ended: set[str] = set()
        self.paid: list[Transaction] = []
        self.price = "12.50"
        self.breaks: Exception | None = None
        self.sessions = sessions
        self.two_factor = TwoFactorRoutes(
            self.create,
            session=None if sessions is None else self.session,
            client=(lambda _: "192.0.2.1") if "sends" in changes else None,
            danger_clock=self.clock,
        )
        self.app = self.made()

    async def create(self) -> AsyncTwoFactor:
        clock = self.clock
        return await AsyncTwoFactor.create(self.settings, self.guard, transport=self.xoxzo, audit=lambda _: None, danger_clock=clock)

    def session(self, request: Any) -> Any:
        sessions = request.session if self.sessions is None else self.sessions
        return sessions if self.sessions is None else sessions.setdefault(request.headers["x-session"], {})

    def login(self, request: HTTPConnection) -> Binding | None:
        user = self.session(request).get("user", "")
        if user not in self.phones or self.session(request).get("id") in self.ended:
            return None
        return Binding(self.phones[user], user, "login", self.session(request).get("id"))

    async def payment(self, request: Request) -> Binding | None:
        user = self.login(request)
        paid = Transaction(self.price, "EUR", "Example Books") if self.price else None
        return user and Binding(user.recipient, user.subject, "payment", None, paid)

    async def pay(self, _: Request, binding: Binding) -> None:
        if self.breaks:
            raise self.breaks
        assert binding.transaction
        self.paid.append(binding.transaction)

    def enter(self, _: Request, __: Binding) -> None:
        if self.breaks:
            raise self.breaks

    def made(self) -> FastAPI:
        app = FastAPI(lifespan=self.two_factor.lifespan)
        app.add_middleware(SessionMiddleware, secret_key="of this test, and of no other use", https_only=True)
        app.include_router(self.two_factor.router(self.login, accepted=self.enter, calls=True), prefix="/login")
        app.include_router(self.two_factor.router(self.payment, accepted=self.pay), prefix="/payment")
        app.include_router(self.two_factor.router(self.payment), prefix="/forgotten")
        entered = self.two_factor.require(self.login)

        @app.post("/password")
        def password(request: Request, user: str, id: str | None = None) -> None:  # noqa: A002
            self.session(request)["user"] = user
            self.session(request)["id"] = id

        @app.get("/me")
        async def me(subject: Annotated[str, Depends(entered)]) -> str:
            return subject

        @app.get("/fresh")
        async def fresh(subject: Annotated[str, Depends(self.two_factor.require(self.login, max_age=60))]) -> str:
            return subject

        @app.get("/paid")
        async def paid(subject: Annotated[str, Depends(self.two_factor.require(self.payment))]) -> str:
            return subject

        @app.post("/own")
        async def own(request: Request, binding: Annotated[Binding, Depends(self.login)]) -> None:
            await self.two_factor.verify(request, binding)
            if self.breaks:
                raise self.breaks

        @app.websocket("/live")
        async def live(socket: WebSocket, subject: Annotated[str, Depends(entered)]) -> None:
            await socket.accept()
            await socket.send_text(subject)

        return app


class Browser:
    """Somebody's browser, with cookies of its own."""

    def __init__(self, client: TestClient, shop: Shop, session: str) -> None:
        self.client, self.shop, self.session = client, shop, session

    def ask(self, method: str, path: str, **named: Any) -> tuple[int, Any]:
        answer = self.response(method, path, **named)
        return answer.status_code, answer.json()

    def response(self, method: str, path: str, content: Any = None, **headers: str | bytes) -> Any:
        given: dict[str, str | bytes] = {"x-session": self.session, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.request(method, path, content=content, headers=given)

    def password(self, user: str = "user-1", session: str | None = None) -> None:
        query = f"user={user}" + (f"&id={session}" if session else "")
        assert self.ask("POST", f"/password?{query}")[0] == 200

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        """Post JSON, and return the status and the answer, or the problem."""
        status, answer = self.ask("POST", path, content=json.dumps(fields), **JSON)
        return status, answer["detail"] if status != 200 else answer

    def code(self, path: str, **fields: Any) -> tuple[int, str]:
        status, problem = self.post(path, **fields)
        return status, problem["code"]

    def get(self, path: str) -> int:
        return int(self.ask("GET", path)[0])

    def log_in(self, user: str = "user-1", session: str | None = None) -> str:
        """Log in with password and code, and return the code."""
        self.password(user, session)
        assert self.post("/login/begin")[0] == 200
        pin = self.shop.xoxzo.pin(self.shop.phones[user])
        assert self.post("/login/verify", pin=pin) == (200, {"subject": user})
        return pin


@contextlib.contextmanager
def running(shop: Shop, *, raises: bool = True) -> Iterator[TestClient]:
    """Run the application, which is asked by HTTPS: the cookie is for nothing else."""
    with TestClient(shop.app, base_url="https://shop.example", raise_server_exceptions=raises) as client:
        yield client


@contextlib.contextmanager
def browsing(shop: Shop, session: str = "one", *, raises: bool = True) -> Iterator[Browser]:
    """Run the application with one browser."""
    with running(shop, raises=raises) as client:
        yield Browser(client, shop, session)
