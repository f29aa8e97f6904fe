"""The signer's face by hand: sliders of the face units, and keys for them."""
