"""Training of the tokenizer and the generator: corpora, loops, evaluation. Not part of the add-on; needs torch."""
