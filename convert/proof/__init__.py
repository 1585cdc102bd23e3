"""Proof: every artifact is compared with PyTorch before it is written."""
