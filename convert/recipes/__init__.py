"""Recipes of INT8: which operations are rounded."""
