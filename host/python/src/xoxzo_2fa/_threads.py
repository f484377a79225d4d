"""Threads for blocking guards and transports in an asynchronous program."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from xoxzo_2fa._secret import Secret, attempt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Threads:
    """Threads of a client for one kind of blocking call: slow calls of another kind, and of the rest of the program, hold none of them."""

    def __init__(self, kind: str, most: int) -> None:
        self._kind, self._most = kind, most
        self._process = 0
        self._executor: ThreadPoolExecutor | None = None

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Await a coroutine function, or run a blocking one on a thread."""
        if inspect.iscoroutinefunction(function):
            return await cast("Awaitable[Any]", function(*arguments))
        # As in `asyncio.to_thread`: the function sees the caller's context variables.
        context = contextvars.copy_context()

        def call() -> Secret[Any]:
            # An exception of the thread would bring the thread's frames.
            return context.run(lambda: attempt(function, *arguments))

        return (await asyncio.get_running_loop().run_in_executor(self._own(), call)).reveal()

    def end(self) -> None:
        """End the threads of this process, once what they do is done."""
        if self._executor is not None and self._process == os.getpid():
            self._executor.shutdown(wait=False)

    def _own(self) -> ThreadPoolExecutor:
        """Return this process's own: a forked child has none of its parent's threads."""
        if self._executor is None or self._process != os.getpid():
            self._executor = ThreadPoolExecutor(self._most, thread_name_prefix=f"xoxzo-2fa {self._kind}")
            self._process = os.getpid()
        return self._executor
