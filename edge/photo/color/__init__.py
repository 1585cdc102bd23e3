"""Colour: samples of a file in any encoding to sRGB, which the networks see, and changes back again."""
