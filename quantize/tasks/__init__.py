"""What is trained, and for what: a file for each task of `quantize.training.trainer`."""
