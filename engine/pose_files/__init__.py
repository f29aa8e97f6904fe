"""Pose files of other tools as takes, and takes as pose files: `.skels`, OpenPose folders, DWPose and SMPL-X `.npz`."""
