"""From a text to a take: the Text panel and the Generate button."""
