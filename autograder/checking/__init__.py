"""What a student installs: `check` and `check_all`, and all that judging needs."""
