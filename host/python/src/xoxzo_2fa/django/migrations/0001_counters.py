"""Creates the counters on PostgreSQL, where ``DatabaseGuard`` uses them. Elsewhere the guard is not in the database."""

from __future__ import annotations

from importlib import resources
from typing import Any

from django.db import migrations

_INSTALL = (resources.files("xoxzo_2fa.django") / "counters.sql").read_text("utf-8")
_REMOVE = "DROP FUNCTION xoxzo_2fa_charge, xoxzo_2fa_repair; DROP SEQUENCE xoxzo_2fa_clock; DROP TABLE xoxzo_2fa_counters"


def _run(text: str) -> Any:
    def run(_: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(text, params=None)

    return run


class Migration(migrations.Migration):
    """Table, index, sequence and functions, and nothing else."""

    initial = True
    dependencies: tuple[tuple[str, str], ...] = ()
    operations = (migrations.RunPython(_run(_INSTALL), _run(_REMOVE)),)
