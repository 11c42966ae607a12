"""Waits for files that another program has open. On Windows they cannot be renamed or removed until it closes them: virus
scanners and indexers open each new file for a moment, and a killed process keeps its files open for a while."""

import errno
import os
import shutil
import sys
import time
from typing import Any, Callable

PAUSES_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""About 3 s in total."""


def is_held(error: OSError, platform: str = sys.platform) -> bool:
    """On Windows, EACCES means that the file is open elsewhere, or that the user has no permission."""
    return error.errno == errno.EBUSY or (platform == "win32" and error.errno in (errno.EACCES, errno.EPERM))


def while_held(operation: Callable[[], Any], platform: str = sys.platform) -> Any:
    """Repeats an operation while another program has the file open. Raises its last error. Call it in a thread."""
    for pause in PAUSES_S:
        try:
            return operation()
        except OSError as error:
            if not is_held(error, platform):
                raise
        time.sleep(pause)
    return operation()


def remove_tree(path: Any) -> None:
    """Tries to remove a folder with all its contents. The next node removes the rest."""
    for pause in PAUSES_S if sys.platform == "win32" else ():
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return
        time.sleep(pause)
    shutil.rmtree(path, ignore_errors=True)
