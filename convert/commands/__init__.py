"""Commands that ``convert`` adds to ``heirloom``."""
