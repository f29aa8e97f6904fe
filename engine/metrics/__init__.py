"""Measures of motion; used by tests and benches, not shipped in the extension."""
