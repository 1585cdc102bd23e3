"""Fake quantization, and the search for what stays float."""
