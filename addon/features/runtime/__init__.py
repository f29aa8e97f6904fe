"""Which runtime the engine has: ONNX Runtime of the zip, or a pack with PyTorch that the user installs."""
