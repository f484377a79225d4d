"""What the database needs."""
