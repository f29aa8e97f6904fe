"""The authored, rights-clean lexicon: handshapes, phonology, the synthesiser, the dictionary."""
