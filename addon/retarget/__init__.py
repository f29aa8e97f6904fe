"""Motion of other humanoid skeletons (FBX, GLB, BVH) onto SMPL-X's joints."""
