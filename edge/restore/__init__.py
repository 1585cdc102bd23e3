"""Restoring one photo: tiles, passes, tone, and the restorer that runs them in order."""
