"""The render node: serves coordinators, keeps the blob cache and owns the Blender processes that render."""

SOFTWARE_VERSION = "0.1.0"
PROTOCOL_VERSION = 1
