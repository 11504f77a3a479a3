"""What the exercises on self-supervision accept."""
