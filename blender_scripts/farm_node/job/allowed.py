"""What the node's owner allows jobs to run, besides Blender itself."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Union

from ..errors import Fault, FaultError

ALL_ADDONS = "all"


class Allowed(NamedTuple):
    """`scripts`: those in blendfiles, for jobs that ask for it. `addons`: names of add-ons, or `ALL_ADDONS`."""

    scripts: bool = False
    addons: Union[str, Sequence[str]] = ()

    def require(self, addons: Sequence[str]) -> None:
        """Raises FaultError if the job asks for an add-on that the owner does not allow."""
        for name in addons if self.addons != ALL_ADDONS else ():
            if name not in self.addons:
                told = f"This node was not started with --allow-addons {name}"
                raise FaultError(Fault("ADDON_FAILED", told, f"Start it with --allow-addons {name} if it has the add-on"))
