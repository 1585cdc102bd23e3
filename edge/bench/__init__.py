"""Benchmarks of networks and of whole restorations."""
