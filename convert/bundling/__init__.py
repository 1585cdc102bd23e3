"""From weights to a bundle: one artifact per part, format and precision."""
