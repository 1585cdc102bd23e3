"""Comparison of every artifact with PyTorch, before it is written."""
