"""Tasks of `quantize.training.trainer`, a file each: data, losses and figures of a network."""
