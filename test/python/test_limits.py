"""A node's limits are those of docs/protocol.md."""

import re
import unittest
from pathlib import Path

from farm_node import limits

DOCUMENT = Path(__file__).parents[2] / "docs/protocol.md"


def in_words(name: str, value: float) -> str:
    """The number in the form of the document."""
    if name.endswith("_SHARE"):
        return {0.5: "half"}[value]
    if name.endswith("_BYTES"):
        return f"{value / 2**20:g} MiB" if value >= 2**20 else f"{value / 2**10:g} KiB"
    if not name.endswith("_S"):
        return f"{value:,}"
    for unit_s, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if value >= unit_s:
            return f"{value / unit_s:g} {unit}" + ("" if value == unit_s else "s")
    return f"{value:g} s"


class Limits(unittest.TestCase):
    def test_the_document_lists_exactly_these_limits_with_these_values(self):
        rows = re.findall(r"^\| .* \| (.+?) \| `([A-Z_]+)` \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
        numbers = {name: value for name, value in vars(limits).items() if name.isupper()}
        self.assertEqual(
            {name: bound for bound, name in rows}, {name: in_words(name, value) for name, value in numbers.items()}
        )


if __name__ == "__main__":
    unittest.main()
