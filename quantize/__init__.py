"""The toolkit's training room: old-photo synthesis, training, calibration. Needs the ``train`` extra."""
