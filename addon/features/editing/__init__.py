"""Making a part of a take anew, and reading what a take says."""
