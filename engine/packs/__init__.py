"""PyTorch in a folder of the user's, installed and removed by a process of its own: `python -m engine.packs`."""
