"""Commands that ``quantize`` adds to ``heirloom``."""
