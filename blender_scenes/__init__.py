"""Scenes as generator scripts: studio, camera framing, render presets, rendering."""
