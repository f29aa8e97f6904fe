"""Readers of other tools' files: motion, keypoints, notations of signs. What comes in is not trusted."""
