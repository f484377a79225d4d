"""The age of what a session keeps."""

# Seconds that the clocks of two machines may differ by, as the engine allows it.
_SKEW = 120


def is_fresh(at: float, now: float, max_age: float) -> bool:
    """Tell whether something from the time ``at`` is younger than ``max_age`` seconds."""
    return -_SKEW <= now - at < max_age
