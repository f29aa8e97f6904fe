"""The trained models: which one, on what, how it samples, and the signs that it is given as examples."""
