"""Takes and actions: f-curves, layers, key reduction, markers."""
