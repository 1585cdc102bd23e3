"""INT8: ranges, the differentiable twin, quantize-dequantize programs."""
