"""Ways from text to a take: one file a method, all behind `base.Generator`."""
