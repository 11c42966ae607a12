"""The Blender beside the slots that bakes, mixes sound and checks frames: it is always answered for, and never left behind."""

import errno
import os
import unittest
from unittest.mock import patch

from .test_server import JOB
from .test_slot_limits import Loading

ASKED = {
    "job-bake": ("job-baked", {"limitSeconds": 60}),
    "job-mix": ("job-mixed", {"firstFrame": 1, "lastFrame": 2}),
    "order-check": ("order-checked", {"frames": [1, 2]}),
}


@unittest.skipIf(os.name == "nt", "a script stands for Blender")
class SideBlender(Loading):
    async def loaded(self, *behaviours: str):
        self.use(*behaviours)
        coordinator = await self.load()
        await coordinator.expect("job-loaded")
        return coordinator

    async def test_an_error_of_the_nodes_disk_is_an_answer(self):
        coordinator = await self.loaded("loads")
        full = OSError(errno.ENOSPC, "No space left on device")
        for number, (asked, (answer, fields)) in enumerate(ASKED.items()):
            for error, code in ((full, "DISK_FULL"), (FileNotFoundError(2, "No such file"), "UNSUPPORTED")):
                with patch("farm_node.job.side_blender.make_slot_folder", side_effect=error):
                    await coordinator.send(asked, number=number, job=JOB, **fields)
                    told = await coordinator.expect(answer)
                self.assertEqual((told["number"], told["error"]["code"]), (number, code))


if __name__ == "__main__":
    unittest.main()
