"""What requests bring: calls and uploads, received within bounds and checked."""
