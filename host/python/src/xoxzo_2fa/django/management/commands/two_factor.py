"""``manage.py two_factor``: the limits of a user, the store, and the account, for operators."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from xoxzo_2fa import GuardError, Operator, TwoFactorError
from xoxzo_2fa.django._configuration import NoRecipient, Unconfigured, configuration
from xoxzo_2fa.django._service import recipient_of, subject_of, two_factor

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Show or lift what could refuse a user, or try the store and the account. Each call is an event with the operator's name."""

    help = "Shows or lifts the limits of a user, or tries the store and the account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the actions."""
        parser.add_argument("--operator", help="your name in the events; that of the system's user if left out")
        actions = parser.add_subparsers(dest="action", required=True)
        for action, what in (("limits", "show every counter that could refuse a user"), ("unlock", "clear a user's own counters")):
            own = actions.add_parser(action, help=what)
            own.add_argument("user", help="the name that the user logs in with")
        actions.add_parser("repair", help="open a store again that a wrong clock has shut; the time must be right by now")
        actions.add_parser("check", help="open the store, ask for the balance of the account, and print warnings on settings")

    def handle(self, *_: Any, **given: Any) -> None:
        """Do what was asked for."""
        try:
            if given["action"] == "repair":
                self._repair()
                return
            operator = Operator(two_factor(), given["operator"] or getpass.getuser())
            if given["action"] == "check":
                self._check(operator)
            else:
                user = get_user_model()._default_manager.get_by_natural_key(given["user"])  # noqa: SLF001 - Django's name
                about = subject_of(user), recipient_of(user)
                getattr(self, f"_{given['action']}")(operator, *about)
        except get_user_model().DoesNotExist:
            raise CommandError("there is no such user") from None
        except NoRecipient:
            raise CommandError("the user has no number") from None
        except (Unconfigured, GuardError) as fault:
            raise CommandError(str(fault)) from None
        except TwoFactorError as failure:
            raise CommandError(f"{failure}{f' ({failure.__cause__})' if failure.__cause__ else ''}") from None

    def _check(self, operator: Operator) -> None:
        for warning in two_factor().warnings:
            self.stderr.write(self.style.WARNING(warning))
        self.stdout.write(f"the store counts, and the account has {operator.credits().credits} credits")

    def _repair(self) -> None:
        repaired = configuration().repair()
        told = f"the clock was {repaired.ahead_seconds:.0f} s ahead; the store is shut for {repaired.shut_seconds:.0f} s more"
        self.stdout.write(f"{told}, and keeps {repaired.kept} counters, of which {repaired.renewed} begin anew")

    def _limits(self, operator: Operator, subject: str, recipient: str) -> None:
        for limit in operator.limits(subject, recipient).limits:
            ends = "" if limit.ends_in is None else f", ends in {limit.ends_in} s"
            kind = " (purposes that strangers can start)" if limit.open else ""
            line = f"{limit.setting}{kind}: {limit.total} of {limit.most}{ends}"
            self.stdout.write(self.style.ERROR(f"{line}, refuses") if limit.refuses else line)

    def _unlock(self, operator: Operator, subject: str, recipient: str) -> None:
        lifted = operator.unlock(subject, recipient)
        told = f"cleared {lifted.failures} failures with this number, {lifted.subject_failures} in all, and {lifted.messages} messages"
        self.stdout.write(told)
