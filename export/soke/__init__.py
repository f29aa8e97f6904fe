"""Official SOKE checkpoints to Signwright's bundles."""
