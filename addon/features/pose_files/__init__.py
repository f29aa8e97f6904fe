"""Pose files of other tools: onto the rig as takes, and takes as such files."""
