"""What `build_addon.py` is made of: environments, the release zip, the demo, the test tiers. Standard library only."""
