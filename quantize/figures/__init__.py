"""Figures on held-out photos: faces, detection rules, latents."""
