"""Tests of the node. They run against the node's own files and its vendored libraries."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "blender_scripts"
for folder in (str(SCRIPTS), str(SCRIPTS / "vendor")):
    if folder not in sys.path:
        sys.path.insert(0, folder)
