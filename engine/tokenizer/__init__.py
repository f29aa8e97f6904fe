"""The decoupled tokenizer of SOKE (DETO): poses to discrete codes and back, a VQ-VAE for each part of the signer."""
