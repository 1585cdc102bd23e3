"""Worker processes: each keeps networks loaded and restores photos one at a time, within limits."""
