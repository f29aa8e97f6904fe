"""Getting ready: the avatar, and the engine behind the buttons."""
