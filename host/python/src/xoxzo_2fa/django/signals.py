"""Signals. They tell who and what, never a code, token or number; a receiver that raises is logged, and costs nobody a login.

Each has ``user``, ``purpose`` and ``audit``, the ``Audit`` of the operation with pseudonyms and alarms for operators.

- ``challenge_started``: a message is on its way; ``resent`` is true if it repeats the code of an earlier one.
- ``accepted``: the code was right. For a login, the user is logged in when the view has returned.
- ``refused``: there was no message, or a code was not accepted; ``code`` is the failure's, such as ``wrong-pin``.
"""

from django.dispatch import Signal

challenge_started = Signal()
accepted = Signal()
refused = Signal()
