"""How long a slot may take, in checks: a clock that jumps, or a machine that slept, costs at most one."""

import unittest
from unittest.mock import patch

from farm_node.errors import Fault
from farm_node.limits import LIMIT_CHECKS
from farm_node.slots.step_timeouts import StepTimeouts

LATE = Fault("TIMED_OUT", "It takes too long")


class Loop:
    """Timers that fire when the test says so, however long that took."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self._due: list = []

    def call_later(self, delay, callback, *arguments):
        self.delays.append(delay)
        entry = (callback, arguments)
        self._due.append(entry)
        return self._Handle(self._due, entry)

    class _Handle:
        def __init__(self, due, entry) -> None:
            self._due, self._entry = due, entry

        def cancel(self) -> None:
            if self._entry in self._due:
                self._due.remove(self._entry)

    def look(self) -> None:
        due, self._due[:] = list(self._due), []
        for callback, arguments in due:
            callback(*arguments)


class Checks(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = Loop()
        self.told: list[Fault] = []
        self.timeouts = StepTimeouts(self.told.append)
        patched = patch("farm_node.slots.step_timeouts.asyncio.get_running_loop", lambda: self.loop)
        patched.start()
        self.addCleanup(patched.stop)

    def checks(self, count: int) -> None:
        for _ in range(count):
            self.loop.look()

    def test_the_limit_is_exceeded_at_the_last_check_and_not_before(self) -> None:
        self.timeouts.begin("load", 60, LATE)
        self.checks(LIMIT_CHECKS - 1)
        self.assertEqual(self.told, [])
        self.checks(5)
        self.assertEqual(self.told, [LATE])
        self.assertEqual(sum(self.loop.delays), 60)

    def test_a_blender_that_dies_late_in_each_load_does_not_get_the_whole_time_again(self) -> None:
        for _ in range(3):
            self.timeouts.begin("start", 60, LATE)
            self.checks(1)
            self.timeouts.begin("load", 60, LATE)
            self.checks(LIMIT_CHECKS // 3)
            self.timeouts.pause()
        self.assertEqual(self.told, [LATE])

    def test_after_a_success_it_does(self) -> None:
        for _ in range(3):
            self.timeouts.begin("load", 60, LATE)
            self.checks(LIMIT_CHECKS - 1)
            self.timeouts.pause()
            self.timeouts.reset()
        self.checks(LIMIT_CHECKS)
        self.assertEqual(self.told, [])


if __name__ == "__main__":
    unittest.main()
