"""A shop whose users have phones."""
