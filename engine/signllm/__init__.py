"""SignLLM: text or a free prompt to poses of 50 joints, by a group of models a language or by way of LangGloss."""
