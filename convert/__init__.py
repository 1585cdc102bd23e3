"""Conversion of networks: PyTorch models, exporters, gates, figures. Needs the ``convert`` extra."""
