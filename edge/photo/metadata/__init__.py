"""What a file knows about its photo beside the pixels: read, made true, and written in any container."""
