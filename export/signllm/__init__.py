"""SignLLM's trained models to bundles."""
