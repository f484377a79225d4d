"""A shop whose users have phones: logins with a code, and a code for each payment."""
