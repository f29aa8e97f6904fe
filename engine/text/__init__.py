"""From written text to a gloss plan: what is signed, what is spelled, where it pauses, what the face does."""

from .planner import MAX_CHARACTERS, checked_text, plan_text

__all__ = ["MAX_CHARACTERS", "checked_text", "plan_text"]
