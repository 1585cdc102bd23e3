"""What runs record of each photo, and what later runs know by it."""
