"""Simulations in a scene: what is not baked, where their caches are, and how they are baked."""
