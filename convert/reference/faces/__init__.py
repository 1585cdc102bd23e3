"""Faces of photos that the published networks restored: found, refined by the published generators, put
back."""
