"""The toolkit's conversion room: networks in PyTorch, exporters, gates. Needs the ``convert`` extra."""
