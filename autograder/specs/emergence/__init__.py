"""What the exercises on emergence accept."""
