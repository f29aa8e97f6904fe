"""The takes of the scene: applying them, their segments, layers and where each sign came from."""
