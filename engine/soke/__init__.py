"""The autoregressive generator of SOKE (AMG): text and retrieved signs to the codes of three parts. Needs torch."""
