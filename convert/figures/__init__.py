"""Figures of quality, reports and contact sheets."""
