"""Importing the published checkpoints without running them."""
