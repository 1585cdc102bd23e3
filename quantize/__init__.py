"""Training of networks, in float and in fake INT8. Needs the ``train`` extra."""
