"""From a gloss plan to motion: locations on the body, timing, paths, arm, fingers, face."""

from .synthesiser import synthesise

__all__ = ["synthesise"]
