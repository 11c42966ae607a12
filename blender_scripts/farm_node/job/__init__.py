"""The one job that the node has."""
