"""How long a pass is good, by clocks that differ."""

from __future__ import annotations

from xoxzo_2fa._age import is_fresh


def test_a_pass_is_good_for_its_time_and_where_the_clock_is_behind() -> None:
    at = 1_800_000_000
    assert all(is_fresh(at, at + age, 300) for age in (0, 299, 299.9, -1, -120))
    assert not any(is_fresh(at, at + age, 300) for age in (300, 301, -121))
