"""Signwright's engine: text in, SMPL-X sign-language motion out. Never imports bpy."""

__version__ = "0.1.0"
