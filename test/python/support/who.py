"""Who a node in a test is."""

from pathlib import Path

from farm_node.duplicates import Duplicates
from farm_node.identity import Identity

IDENTITY = Identity("cd" * 16, "", None)


def duplicates() -> Duplicates:
    return Duplicates(IDENTITY.node_id, "test", Path("config"))
