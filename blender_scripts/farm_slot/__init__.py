"""The inside of a slot. Runs in a child Blender (or a Python with bpy) and talks only to its supervisor."""
