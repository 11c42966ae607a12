"""Limits of failed handshakes, in virtual time."""

import unittest

from farm_node.wire.connection_limits import ConnectionLimits, LineLimit
from farm_node.limits import MAX_ADDRESSES


class Limits(unittest.TestCase):
    def failing(self, limits: ConnectionLimits, address: str, times: int, start: float = 0.0, every: float = 1.0) -> None:
        for index in range(times):
            limits.failed(address, start + index * every)

    def test_the_tenth_failure_in_a_minute_blocks_an_address_for_a_minute(self):
        limits = ConnectionLimits()
        self.failing(limits, "10.0.0.1", 9)
        self.assertFalse(limits.is_blocked("10.0.0.1", 9))
        limits.failed("10.0.0.1", 9)
        self.assertTrue(limits.is_blocked("10.0.0.1", 9))
        self.assertTrue(limits.is_blocked("10.0.0.1", 68.9))
        self.assertFalse(limits.is_blocked("10.0.0.1", 69))
        self.assertFalse(limits.is_blocked("10.0.0.2", 9))

    def test_slow_failures_block_nobody(self):
        limits = ConnectionLimits()
        self.failing(limits, "10.0.0.1", 100, every=7)
        self.assertFalse(limits.is_blocked("10.0.0.1", 700))

    def test_a_right_proof_clears_earlier_failures(self):
        limits = ConnectionLimits()
        self.failing(limits, "10.0.0.1", 9)
        limits.proved("10.0.0.1")
        self.failing(limits, "10.0.0.1", 9, start=9)
        self.assertFalse(limits.is_blocked("10.0.0.1", 18))

    def test_all_addresses_of_an_ipv6_host_count_as_one(self):
        limits = ConnectionLimits()
        for index in range(10):
            limits.failed(f"fe80::{index:x}%eth0", index)
        self.assertTrue(limits.is_blocked("fe80::ffff", 10))
        self.assertFalse(limits.is_blocked("fe81::1", 10))

    def test_an_ipv4_address_is_the_same_through_an_ipv6_socket(self):
        limits = ConnectionLimits()
        self.failing(limits, "::ffff:10.0.0.1", 10)
        self.assertTrue(limits.is_blocked("10.0.0.1", 10))
        self.assertFalse(limits.is_blocked("::ffff:10.0.0.2", 10))

    def test_many_addresses_do_not_fill_the_memory(self):
        limits = ConnectionLimits()
        for index in range(MAX_ADDRESSES * 5):
            limits.failed(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", index)
        self.assertEqual(len(limits._records), MAX_ADDRESSES)


class Lines(unittest.TestCase):
    def test_three_lines_a_minute_and_then_the_number_of_dropped_ones(self):
        lines = LineLimit()
        self.assertEqual([lines.pass_on("a", second) for second in range(5)], ["a", "a", "a", "", ""])
        self.assertEqual(lines.pass_on("a", 60), "a (2 such lines were dropped before)")
        self.assertEqual(lines.pass_on("a", 61), "a")


if __name__ == "__main__":
    unittest.main()
