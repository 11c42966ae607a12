"""The node's current job."""
