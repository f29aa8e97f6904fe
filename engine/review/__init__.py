"""Reviewing signs: a page of all of them for fluent signers, contact sheets, and merging their verdicts."""
