"""Blendfiles that the node has received."""
