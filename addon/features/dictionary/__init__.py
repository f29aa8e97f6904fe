"""The dictionary: looking signs up, trying them on the avatar, and keeping signs of one's own."""
