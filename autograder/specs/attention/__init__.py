"""What the exercises on attention accept."""
