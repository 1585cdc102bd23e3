"""The training loop, its state, schedule and record."""
