"""The pages of the demo's shop. Every text in them is escaped here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STYLE = """
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #1f1f1f; background: #f6f7f9; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; padding: .8rem 1.5rem; }
header { background: #0b57d0; }
header, header a { color: #fff; }
header strong { margin-right: auto; }
main { max-width: 42rem; margin: 2rem auto; padding: 1.5rem 2rem; background: #fff; border-radius: .6rem; }
main h1 { margin-top: 0; font-size: 1.5rem; }
label { display: block; margin: .8rem 0; }
input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; }
button { padding: .5rem 1.2rem; font: inherit; color: #fff; background: #0b57d0; border: 0; border-radius: .4rem; }
button { cursor: pointer; }
header button { padding: 0; background: none; text-decoration: underline; }
table { width: 100%; border-collapse: collapse; }
td, th { padding: .3rem .5rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
td { overflow-wrap: anywhere; }
.notice { padding: .6rem 1rem; background: #e8f0fe; border-radius: .4rem; }
.wrong { background: #fce8e6; }
@media (max-width: 42rem) { main { margin: 0; border-radius: 0; } }
"""


def page(title: str, body: str, user: str | None = None, form: str = "") -> str:
    """Give a whole page. `body` is HTML, `form` the value of forms' hidden field."""
    if user is None:
        navigation = '<a href="/login">Sign in</a>'
    else:
        navigation = (
            '<a href="/">Shop</a><a href="/account">Account</a><a href="/transfer">Transfer</a>'
            f'<form method="post" action="/logout">{hidden(form)}<button>Sign out {escape(user)}</button></form>'
        )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)} - Example Shop</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/style.css">'
        f"<header><strong>Example Shop</strong>{navigation}</header><main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def hidden(form: str) -> str:
    """Give the field by which the shop knows its own forms."""
    return f'<input type="hidden" name="form" value="{escape(form)}">'


def notice(text: str, *, wrong: bool = False) -> str:
    """Give a line that stands out."""
    return f'<p class="notice{" wrong" if wrong else ""}" role="{"alert" if wrong else "status"}">{escape(text)}</p>'


def home(name: str) -> str:
    """Greet a user."""
    return (
        f"<p>Welcome, {escape(name)}.</p><p>Coffee, 200 g: 1,200 yen. Tea, 100 g: 900 yen.</p>"
        '<ul><li><a href="/account">Your account</a>'
        '<li><a href="/transfer">Send money</a>, which asks for a new code</ul>'
    )


def sign_in(names: Iterable[str], complaint: str | None = None) -> str:
    """Ask for name and password."""
    return (
        (notice(complaint, wrong=True) if complaint else "")
        + '<form method="post" action="/login"><label>Name <input name="name" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>'
        f"<button>Sign in</button></form><p>Users of this demo: {escape(', '.join(names))}.</p>"
    )


def sign_out(form: str) -> str:
    """Ask whether to sign out."""
    return f'<form method="post" action="/logout">{hidden(form)}<button>Sign out</button></form>'


def transfer(form: str, complaint: str | None = None) -> str:
    """Ask whom to send how much."""
    return (
        (notice(complaint, wrong=True) if complaint else "") + f'<form method="post" action="/transfer">{hidden(form)}'
        '<label>To <input name="to" maxlength="40" required></label>'
        '<label>Yen <input name="amount" inputmode="numeric" pattern="[0-9]{1,7}" required></label>'
        "<button>Send</button></form>"
    )


def account(phone: str, transfers: Sequence[tuple[str, int]], headers: Sequence[tuple[str, str]]) -> str:
    """Show what the shop has of a user, and what came with the request."""
    receipt = any(name == "x-2fa-receipt" for name, _ in headers)
    sent = "".join(f"<tr><td>{escape(to)}<td>{amount:,} yen" for to, amount in transfers)
    rows = "".join(f"<tr><th>{escape(name)}<td>{escape(shown(name, value))}" for name, value in headers)
    return (
        notice(
            "A receipt of the second factor came with this request."
            if receipt
            else "No receipt came with this request."
        )
        + f"<p>Phone: {escape(phone)}</p>"
        + (f"<h2>Transfers</h2><table>{sent}</table>" if sent else "")
        + f"<h2>Headers of this request</h2><table>{rows}</table>"
    )


def shown(name: str, value: str) -> str:
    """Give the value of a header as it may be shown: a secret is not."""
    if name in {"cookie", "authorization"}:
        return "(not shown)"
    return f"{value[:12]}… ({len(value)} characters)" if name == "x-2fa-receipt" else value
