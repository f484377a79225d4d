"""A Xoxzo that sends nothing: `xoxzo-2fa-sandbox`."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Sandbox(process.Running):
    """A running sandbox; a context manager.

    `url` is its address, `sid` and `auth_token` are its account, and `phones` is the page of its phones.
    """

    def __init__(self, command: Path, options: Sequence[str] = ()) -> None:
        """Start `command`, the program `xoxzo-2fa-sandbox`, with `options`."""
        self.process = process.spawn(
            [str(command), "--json", *options],
            output=subprocess.PIPE,
            errors=subprocess.DEVNULL,
        )
        line = self.process.stdout.readline() if self.process.stdout else b""
        if not line:
            process.end(self.process)
            raise OSError(f"{command} did not start")
        told = json.loads(line)
        self.url: str = told["url"]
        self.sid: str = told["sid"]
        self.auth_token: str = told["auth_token"]
        self.phones = f"{self.url}/_sandbox/"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    def inbox(self, recipient: str) -> list[dict[str, Any]]:
        """Give the messages and calls to a number, newest last."""
        question = urllib.parse.urlencode({"recipient": recipient})
        with urllib.request.urlopen(f"{self.phones}inbox?{question}", timeout=5) as answer:
            messages: list[dict[str, Any]] = json.load(answer)
            return messages

    def pin(self, recipient: str) -> str:
        """Give the code in the newest SMS to a number; `LookupError` if there is none."""
        for message in reversed(self.inbox(recipient)):
            found = re.search(r"(?<!\d)\d{4,10}(?!\d)", message["body"]) if message["channel"] == "sms" else None
            if found:
                return found[0]
        raise LookupError(f"no code was sent to {recipient}")
