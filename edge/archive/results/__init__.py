"""Results: what became of each photo, and whether it is still there."""
