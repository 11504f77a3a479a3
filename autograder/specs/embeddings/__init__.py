"""What the exercises on embeddings accept."""
