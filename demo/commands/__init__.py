"""Subcommands that this room adds to ``heirloom``."""
