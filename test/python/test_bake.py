"""When a bake is not worth beginning."""

import unittest

from farm_node.job.bake import ESTIMATED_AFTER_S, Estimate


class WhenABakeIsStopped(unittest.TestCase):
    def watch(self, limit_s, *shares):
        """Shares that are told every six seconds. Returns the first fault, and what was told."""
        times = iter(range(0, 6000, 6))
        told = []
        estimate = Estimate(limit_s, told.append, now=lambda: next(times))
        faults = [estimate.watch({"event": "baking", "share": share}) for share in shares]
        return next(filter(None, faults), None), told

    def test_it_is_stopped_as_soon_as_it_is_seen_to_take_too_long(self):
        fault, told = self.watch(300, 0.0, 0.01, 0.02)
        self.assertEqual(fault.message, "it would take about 10 minutes, and 5 are allowed")
        self.assertEqual(told, [0.0, 0.01, 0.02])

    def test_it_is_not_stopped_by_a_guess(self):
        self.assertLess(6, ESTIMATED_AFTER_S)
        fault, _ = self.watch(300, 0.0, 0.001, 0.1, 0.2)
        self.assertIsNone(fault)

    def test_other_events_and_a_bake_without_progress_say_nothing(self):
        fault, told = self.watch(300, 0.5, 0.5, 0.5, 0.5)
        self.assertIsNone(fault)
        self.assertIsNone(Estimate(1, told.append).watch({"event": "warning"}))


if __name__ == "__main__":
    unittest.main()
