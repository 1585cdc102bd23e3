"""Damage: where it is, by detector or mask, and the fill that replaces it."""
