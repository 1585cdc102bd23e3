"""Checks of networks against the rules of a target, before conversion."""
