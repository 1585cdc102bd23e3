"""Untrusted files decoded, and their pixels as arrays."""
