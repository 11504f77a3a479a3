"""What the exercises on tokenization accept."""
