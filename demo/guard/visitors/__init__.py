"""Who asks, and what is theirs: sessions and files."""
