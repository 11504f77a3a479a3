"""What an instructor reads, hands out and exchanges with a learning platform; grades nothing."""
