"""Exporters and readers of LiteRT, ONNX and Core ML files."""
