"""Faces: found, aligned, refined, and put back."""
