"""SMS two-factor authentication through Xoxzo: one WebAssembly engine, embedded.

A service starts a challenge, a login or payment that waits for its PIN. The engine makes the PIN, sends it to the user's phone, and returns
a small signed token. Later the service passes in the token and what the user typed. The engine returns an acceptance, or raises an
exception. There is no database: the token carries the challenge, and a guard counts guesses, uses and messages.

>>> from xoxzo_2fa import Binding, MemoryGuard, Settings, TwoFactor
>>> def login(pin: str) -> None:
...     two_factor = TwoFactor(Settings.from_environment(), MemoryGuard())
...     user = Binding("+819012345678", "user-1", "login")
...     challenge = two_factor.start(user)
...     two_factor.verify(challenge.token, user, pin)
"""

from xoxzo_2fa._client import AsyncOperator, AsyncTwoFactor, Operator, TwoFactor
from xoxzo_2fa._configuration import check_receipt, explain, inspect, keygen, preview, receipt_key, request_key, sign_request
from xoxzo_2fa._errors import Cause, Code, Misuse, Refuse, TwoFactorError, Upstream
from xoxzo_2fa._events import Event
from xoxzo_2fa._records import (
    Acceptance,
    Audit,
    Binding,
    Challenge,
    Claims,
    Credits,
    Expected,
    Explanation,
    Limit,
    Limits,
    MessagePreview,
    Report,
    Sending,
    StepUp,
    TokenInfo,
    Trail,
    Transaction,
    Unlocked,
)
from xoxzo_2fa._settings import Settings
from xoxzo_2fa.guards import (
    AsyncGuard,
    Charge,
    Guard,
    GuardError,
    GuardFull,
    GuardUnfit,
    GuardUnreachable,
    MemoryGuard,
    Repaired,
    SqliteGuard,
    Total,
    Totals,
)
from xoxzo_2fa.transports import (
    AsyncTransport,
    Lost,
    NotSent,
    Request,
    Response,
    StandardTransport,
    Transport,
    Unknown,
)

__version__ = "0.1.0"

__all__ = [
    "Acceptance",
    "AsyncGuard",
    "AsyncOperator",
    "AsyncTransport",
    "AsyncTwoFactor",
    "Audit",
    "Binding",
    "Cause",
    "Challenge",
    "Charge",
    "Claims",
    "Code",
    "Credits",
    "Event",
    "Expected",
    "Explanation",
    "Guard",
    "GuardError",
    "GuardFull",
    "GuardUnfit",
    "GuardUnreachable",
    "Limit",
    "Limits",
    "Lost",
    "MemoryGuard",
    "MessagePreview",
    "Misuse",
    "NotSent",
    "Operator",
    "Refuse",
    "Repaired",
    "Report",
    "Request",
    "Response",
    "Sending",
    "Settings",
    "SqliteGuard",
    "StandardTransport",
    "StepUp",
    "TokenInfo",
    "Total",
    "Totals",
    "Trail",
    "Transaction",
    "Transport",
    "TwoFactor",
    "TwoFactorError",
    "Unknown",
    "Unlocked",
    "Upstream",
    "check_receipt",
    "explain",
    "inspect",
    "keygen",
    "preview",
    "receipt_key",
    "request_key",
    "sign_request",
]
