"""What the exercises on training accept."""
