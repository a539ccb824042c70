"""Trained networks made small for a device: ONNX, LiteRT and Paddle-Lite files, in float and int8."""
