"""The identity of a node in a test."""

from pathlib import Path

from farm_node.awake import Awake
from farm_node.wire.duplicates import Duplicates
from farm_node.identity import Identity

IDENTITY = Identity("cd" * 16, "", None)


def duplicates() -> Duplicates:
    return Duplicates(IDENTITY.node_id, "test", Path("config"))


def may_sleep() -> Awake:
    return Awake(str, str, allowed_to_sleep=True)
