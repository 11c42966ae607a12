"""Every number that bounds what a node waits for and keeps, in one place; docs/protocol.md, section 1, has the same.

`_S` are seconds, `_BYTES` bytes. The sizes of single messages are the protocol's own and stand in protocol.py.
"""

from __future__ import annotations

# Strangers: connections that have not proved the key yet.
HANDSHAKE_S = 10.0
MAX_UNAUTHENTICATED = 8
MAX_REFUSED = 64
"""Answered with HTTP 503; connections beyond these are dropped without an answer."""
MAX_FAILURES = 10
FAILURES_WITHIN_S = 60.0
BARRED_S = 60.0
MAX_ADDRESSES = 1024
"""Addresses remembered; the one that failed longest ago is forgotten first, so strangers cannot fill the memory."""
MAX_LINES = 3
LINES_WITHIN_S = 60.0
"""What strangers do adds so many lines to the log in this time."""
MAX_DUPLICATES = 16
"""Other nodes with this node's id that the console names: anybody may announce it, at any number of addresses."""

# Links to coordinators.
HEARTBEAT_S = 2.0
LOST_AFTER_S = 10.0
LAST_WORDS_S = 2.0
"""For the error that a peer is told before its link is closed: one that does not read is closed without it."""
CLOSE_TIMEOUT_S = 1.0
"""For each of the four steps of closing a link, after which it is cut off."""
MAX_UNSENT = 4096
"""Messages that wait for a coordinator who asks and does not read: what he asks more would only fill the memory."""
MAX_FETCHES = 4096
"""Results that wait to be sent over one link."""

# Blobs.
MAX_UPLOADS = 16
"""Blobs being received over one link: each holds a file open, and a coordinator needs one."""
RESERVE_BYTES = 256 * 1024 * 1024
"""Left free on the disk, for the frames."""
MAX_PARTS = 64
"""Blobs that are being received, or were and can be resumed, in the whole node."""
PARTS_SHARE = 0.5
"""Of the cache's limit, for parts that wait to be resumed; the newest one is kept whatever its size."""
PART_KEPT_S = 3 * 24 * 3600.0
"""How long a part waits to be resumed: over a weekend."""
TIDY_EVERY_S = 3600.0
"""How often it is looked for such parts; besides, at the node's start and when a transfer begins or breaks off."""

# The machine.
ACCEPT_PAUSE_S = 1.0
"""After an error of accepting that concerns all connections; also between two looks whether the port is still open."""
GONE_PEER_PAUSE_S = 0.01
"""After an error that is one peer's: should it be everybody's after all, it costs no core."""
REFUSED_WITHIN_S = 3.0
"""A program that keeps the machine awake says at once when it is refused; one that still runs then was granted it."""

# The job.
JOB_KEPT_S = 600.0
"""How long a job without a link is kept for its coordinator."""

# Slots.
LIMIT_LOOKS = 30
"""The two limits below are counted in so many looks, so that the time in which the machine sleeps does not count."""
START_LIMIT_S = 300.0
"""From the start of a Blender to its first word: a slow disk, the first time after its installation."""
LOAD_LIMIT_S = 1800.0
"""For opening a blendfile and reading the files that it uses. Blender gives no sign of life while it opens a file, so this
must be enough for the largest one. With START_LIMIT_S it is less than a coordinator waits for its answer, 40 minutes."""
QUIT_GRACE_S = 0.7
EXIT_GRACE_S = 5.0
"""Between the closed line and the end of the process: a crashing Blender still writes its crash report."""
KILL_GRACE_S = 5.0
"""For a killed process to be gone. One that waits for a driver or a disk for ever cannot be ended, and is left behind."""
OUTPUT_GRACE_S = 2.0
MAX_STARTS_IN_A_ROW = 5
"""Restarts of a slot that begins no frame in between; then it stays lost. How often a frame may end a Blender is for the
coordinator to say, who knows what it did on other nodes."""
RESTART_PAUSE_S = 1.0
FRAME_RESERVE_BYTES = 16 * 1024 * 1024
"""Beside a frame of each slot, on the disk that takes them: for logs, and for what Blender keeps there while it renders."""
SPACE_LOOK_S = 3.0
"""How often a slot whose disk is full looks whether there is room again."""
BLEND_LOOK_S = 1.0
"""How often a slot whose blendfile was damaged looks whether it has come again."""
MAX_LINE_BYTES = 64 * 1024 * 1024
"""One event of a slot; a scene's description with all its references is one line."""
GREETING_S = 10.0
"""For the token that a slot shows when it connects."""
GREETING_BYTES = 1024
MAX_GREETERS = 64
"""Connections that have not shown a token: of more than these the one that came first is closed."""
