"""Tiles of a photo: their plan, the networks that run them, and the memory that they may take."""
