"""The body in Blender: from a body model file to mesh, armature, shape keys and materials."""
