"""Tools that make what the engine ships: the avatar, and model bundles."""
