"""Builds the embedded avatar (`python -m export.avatar`) from MakeHuman's CC0 base mesh."""
