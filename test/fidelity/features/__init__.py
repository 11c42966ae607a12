"""Feature scenes: see `base.feature`."""

from . import combined, deforming, modifiers, objects, rendering, shading, simulated  # noqa: F401  (they register their features)
from .base import features as features
from .simulated import simulated as simulated
