"""Watched folders: a photo put into one is queued once it is whole."""
