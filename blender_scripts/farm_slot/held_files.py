"""Files that another program has open. On Windows they cannot be renamed or removed until it closes them: virus scanners and
indexers hold each new file for a moment, and a process that was just ended holds its own."""

import errno
import os
import shutil
import sys
import time
from typing import Any, Callable

PAUSES_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""About 3 s in all."""


def is_held(error: OSError, platform: str = sys.platform) -> bool:
    """Windows says EACCES of a file that is open elsewhere, and of one for which the user has no right."""
    return error.errno == errno.EBUSY or (platform == "win32" and error.errno in (errno.EACCES, errno.EPERM))


def while_held(operation: Callable[[], Any], platform: str = sys.platform) -> Any:
    """Does it, and tries again while another program holds the file. Raises what it raised last: to be called in a thread."""
    for pause in PAUSES_S:
        try:
            return operation()
        except OSError as error:
            if not is_held(error, platform):
                raise
        time.sleep(pause)
    return operation()


def remove_tree(path: Any) -> None:
    """Removes a folder with all that is in it, as well as it can: what stays is removed by the next node."""
    for pause in PAUSES_S if sys.platform == "win32" else ():
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return
        time.sleep(pause)
    shutil.rmtree(path, ignore_errors=True)
