"""Xoxzo's client for Python (PyPI xoxzo-cloudpy) with the expectations of its tests, by their names."""

import datetime
import os
from collections.abc import Callable
from typing import Any

import requests
from xoxzo.cloudpy import XoxzoClient
from xoxzo.cloudpy.cloudpy import XoxzoResponse

RECIPIENT = "+819012345678"
INVALID = "+8108012345678"
SENDER = "814512345678"
RECORDING = "https://example.com/hello-mp3"
UNKNOWN = "dabd8e76-390f-421c-87b5-57f31339d0c5"
ACTION = "http://example.com/dummy_action"

URL, SID, AUTH_TOKEN = (os.environ[name] for name in ("XOXZO_BASE_URL", "XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN"))

Test = Callable[[XoxzoClient], object]


def expect(response: XoxzoResponse, errors: int | None, field: str | None = None) -> XoxzoResponse:
    """Checks the status, and the field that an object has."""
    told = (response.errors, response.message, response.messages)
    assert response.errors == errors, told
    assert field is None or field in response.message, told
    return response


def sms(client: XoxzoClient, recipient: str = RECIPIENT) -> XoxzoResponse:
    return client.send_sms("Hello from Xoxzo", recipient, SENDER)


def unreachable(attribute: str, ask: Test) -> Test:
    """An address that is none, instead of the sandbox's."""

    def test(client: XoxzoClient) -> None:
        setattr(client, attribute, "example.com")
        response = ask(client)
        assert isinstance(response, XoxzoResponse)
        expect(response, XoxzoClient.REQUESTS_EXCEPITON, "http_error")

    return test


def bad_sid(_: XoxzoClient) -> None:
    stranger = XoxzoClient("123", "456", api_host=URL)
    expect(sms(stranger, INVALID), 401, "detail")


def sent_and_found(client: XoxzoClient) -> None:
    msgid = expect(sms(client), None).messages[0]["msgid"]
    expect(client.get_sms_delivery_status(msgid), None, "msgid")


def called_and_found(call: Test) -> Test:
    def test(client: XoxzoClient) -> None:
        response = call(client)
        assert isinstance(response, XoxzoResponse)
        callid = expect(response, None).messages[0]["callid"]
        expect(client.get_simple_playback_status(callid), None, "callid")

    return test


def tags(client: XoxzoClient) -> None:
    """A parameter that the client takes since 0.5.0, which is not on PyPI: the same request without it."""
    form = {"message": "Hello", "recipient": RECIPIENT, "sender": SENDER, "tags": "foo,bar"}
    [sent] = requests.post(client.xoxzo_api_sms_url, form, auth=(SID, AUTH_TOKEN), timeout=10).json()
    told = expect(client.get_sms_delivery_status(sent["msgid"]), None, "msgid")
    assert {"foo", "bar"} <= set(told.message["tags"]), told.message


def days_ago(days: int) -> str:
    return f">={datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days)}"


def listed(sent_date: str | None) -> Test:
    def test(client: XoxzoClient) -> None:
        messages: Any = expect(client.get_sent_sms_list(sent_date=sent_date), None).messages
        assert isinstance(messages, list) and messages, messages

    return test


def subscribe_and_unsubscribe(client: XoxzoClient) -> None:
    def count() -> int:
        return len(expect(client.get_subscription_list(), None).messages)

    before = count()
    uid = expect(client.get_din_list(), None).messages[0]["din_uid"]
    expect(client.subscribe_din(din_uid=uid), None)
    assert count() == before + 1
    expect(client.set_action_url(din_uid=uid, action_url=ACTION), None)
    expect(client.unsubscribe_din(din_uid=uid), None)
    assert count() == before


def play(client: XoxzoClient, recipient: str = RECIPIENT) -> XoxzoResponse:
    return client.call_simple_playback(SENDER, recipient, RECORDING)


def say(client: XoxzoClient, recipient: str = RECIPIENT) -> XoxzoResponse:
    return client.call_tts_playback(SENDER, recipient, "Hello", "en")


def dins(search: str | None, errors: int | None = None) -> Test:
    return lambda client: expect(client.get_din_list(search_string=search), errors)


TESTS: dict[str, Test | str] = {
    "bad_sid": bad_sid,
    "requests_exception_send_sms": unreachable("xoxzo_api_sms_url", sms),
    "requests_exception_get_sms_delivery_status": unreachable(
        "xoxzo_api_sms_url", lambda client: client.get_sms_delivery_status("1234567890")
    ),
    "requests_exception_get_sent_sms_list": unreachable("xoxzo_api_sms_url", lambda client: client.get_sent_sms_list()),
    "requests_exception_call_simple_playback": unreachable("xoxzo_api_voice_simple_url", play),
    "requests_exceeption_get_simple_playback_status": unreachable(
        "xoxzo_api_call_url", lambda client: client.get_simple_playback_status(callid=UNKNOWN)
    ),
    "send_sms_success01": sent_and_found,
    "send_sms_kwargs_success01": tags,
    "send_sms_fail01": lambda client: expect(sms(client, INVALID), 400, "recipient"),
    "get_sms_delivery_status_fail01": lambda client: expect(client.get_sms_delivery_status(msgid=UNKNOWN), 404),
    "get_sms_list_success01": listed(None),
    "get_sms_list_success02": listed(days_ago(89)),
    "get_sms_list_fail01": lambda client: expect(client.get_sent_sms_list(sent_date=">=2016-13-01"), 400, "sent_date"),
    "get_sms_list_fail02": lambda client: expect(client.get_sent_sms_list(sent_date=days_ago(91)), 400, "sent_date"),
    "call_simple_playback_success01": called_and_found(play),
    "call_simple_playback_fail01": lambda client: expect(play(client, INVALID), 400, "recipient"),
    "call_tts_playback_success01": "cannot pass: it looks for the list of one in `message`, which holds objects; the same call is made below",
    "call_tts_playback_success01, with `messages`": called_and_found(say),
    "call_tts_playback_fail01": lambda client: expect(say(client, INVALID), 400, "recipient"),
    "get_simple_playback_status_fail01": lambda client: expect(client.get_simple_playback_status(callid=UNKNOWN), 404),
    "get_din_list_success": dins(None),
    "get_din_list_prefix_success01": dins("country=JP"),
    "get_din_list_prefix_success02": dins("country=US"),
    "get_din_list_prefix_success03": dins("prefix=813"),
    "get_din_list_fail01": dins("foo=bar", 400),
    "subscribe_and_unsubscribe": subscribe_and_unsubscribe,
    "subscribe_din_fail01": lambda client: expect(client.subscribe_din(din_uid="0123456789"), 400),
    "unsubscribe_din_fail01": lambda client: expect(client.unsubscribe_din(din_uid="0123456789"), 404),
}

for name, test in TESTS.items():
    if isinstance(test, str):
        print(f"{name}: {test}")
        continue
    try:
        test(XoxzoClient(SID, AUTH_TOKEN, api_host=URL))
        print(f"{name}: ok")
    except Exception as error:  # noqa: BLE001
        print(f"{name}: {error!r}")
