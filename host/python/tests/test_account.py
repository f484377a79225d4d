"""What a start tells of an account that Xoxzo does not serve as it should."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from xoxzo_2fa import Binding, MemoryGuard, Operator, TwoFactor, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Sandbox

FORBIDDEN = (
    "xoxzo refused the account (403): most likely it may not send texts of its own; ask Xoxzo for that right, or name approved templates "
    "in message.templates"
)
LOGIN = Binding("+819012345678", "user-1", "login")


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("--no-freeform", FORBIDDEN),
        ("--credits=5", "xoxzo refused the request (400): non_field_errors, most likely for want of credits"),
    ],
)
def test_a_refusal_has_its_likely_cause_and_the_next_step(sandbox: Callable[..., Sandbox], account: str, told: str) -> None:
    two_factor = TwoFactor(sandbox(account).settings(), MemoryGuard())
    with pytest.raises(Upstream) as refused:
        two_factor.start(LOGIN)
    assert (refused.value.code, refused.value.detail) == ("provider", told)


def test_with_test_credits_nothing_but_the_balance_tells(sandbox: Callable[..., Sandbox]) -> None:
    """Xoxzo takes the message as it takes any other, and replaces its text."""
    account = sandbox("--test-credit")
    two_factor = TwoFactor(account.settings(), MemoryGuard())
    challenge = two_factor.start(LOGIN)
    assert (challenge.delivery, challenge.audit.alarm, challenge.audit.cause) == ("accepted", None, None)
    [message] = account.inbox(LOGIN.recipient)
    assert not re.search("[0-9]{4}", message["body"])
    assert Operator(two_factor, "ann").credits().credits == 40
