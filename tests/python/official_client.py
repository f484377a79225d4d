#!/usr/bin/env python3
"""Xoxzo's own Python client (PyPI xoxzo-cloudpy) against the sandbox: what works with Xoxzo has to work with it.

    official_client.py COMMAND...

COMMAND starts a sandbox and prints {"url", "sid", "auth_token"} as one line, such as `xoxzo-2fa sandbox --json`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable

from xoxzo.cloudpy import XoxzoClient
from xoxzo.cloudpy.cloudpy import XoxzoResponse

NUMBER = "+819012345678"


def sent(response: XoxzoResponse, name: str) -> str:
    """The id in the answer to what was sent: a list of one."""
    assert response.errors is None, response.message
    [entry] = response.messages
    return entry[name]


def refused(response: XoxzoResponse, status: int) -> None:
    assert response.errors == status, (response.errors, response.message)


def checks(url: str, sid: str, auth_token: str) -> dict[str, Callable[[], None]]:
    client = XoxzoClient(sid, auth_token, api_host=url)
    stranger = XoxzoClient("a" * 32, auth_token, api_host=url)

    def send() -> None:
        assert len(sent(client.send_sms("Hello from Xoxzo こんにちは", NUMBER, "Xoxzo"), "msgid")) == 32

    def status() -> None:
        msgid = sent(client.send_sms("Hello", NUMBER, "Xoxzo"), "msgid")
        time.sleep(2.1)
        told = client.get_sms_delivery_status(msgid)
        assert told.errors is None, told.message
        assert told.message["msgid"] == msgid
        assert (told.message["status"], told.message["recipient"]) == ("DELIVERED", NUMBER)

    def listed() -> None:
        msgid = sent(client.send_sms("Hello", NUMBER, "Xoxzo"), "msgid")
        told = client.get_sent_sms_list()
        assert told.errors is None, told.message
        assert msgid in [entry["msgid"] for entry in told.messages]

    def speech() -> None:
        call = client.call_tts_playback("814512345678", NUMBER, "Hello", "en")
        assert sent(call, "callid").count("-") == 4

    def call_status() -> None:
        callid = sent(client.call_tts_playback("814512345678", NUMBER, "Hello", "en"), "callid")
        told = client.get_simple_playback_status(callid)
        assert told.errors is None, told.message
        assert told.message["callid"] == callid
        assert told.message["status"] in ("IN PROGRESS", "ANSWERED")

    def bad_sid() -> None:
        refused(stranger.send_sms("Hello", NUMBER, "Xoxzo"), 401)

    def bad_number() -> None:
        response = client.send_sms("Hello", "+8108012345678", "Xoxzo")
        refused(response, 400)
        assert "recipient" in response.message

    def unknown_id() -> None:
        refused(client.get_sms_delivery_status("dabd8e76-390f-421c-87b5-57f31339d0c5"), 404)

    return {
        "send": send,
        "status": status,
        "list": listed,
        "text to speech": speech,
        "call status": call_status,
        "bad SID": bad_sid,
        "bad number": bad_number,
        "unknown id": unknown_id,
    }


def main() -> int:
    command = sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout
            account = json.loads(sandbox.stdout.readline())
            failed = 0
            all_checks = checks(account["url"], account["sid"], account["auth_token"])
            for name, check in all_checks.items():
                try:
                    check()
                    print(f"{name}: ok")
                except (AssertionError, KeyError, TypeError, ValueError) as error:
                    failed += 1
                    print(f"{name}: {error!r}")
        finally:
            sandbox.terminate()
    print(f"{len(all_checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
