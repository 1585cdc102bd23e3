"""What a target refuses or runs slowly, before converting."""
