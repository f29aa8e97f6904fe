"""The Prompt2Sign data pipeline: OpenPose frames to HDF5, to clips in three dimensions, to training files."""
