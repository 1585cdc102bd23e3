"""Photo files: read without trusting them, converted to arrays, written with their metadata."""
