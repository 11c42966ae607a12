"""All limits on what a node waits for and keeps, in one place. docs/protocol.md, section 1, lists the same ones.

`_S` are seconds, `_BYTES` bytes. The size limits of single messages belong to the protocol and are in protocol.py.
"""

from __future__ import annotations

# Unauthenticated connections, which have not proved the key yet.
HANDSHAKE_S = 10.0
MAX_UNAUTHENTICATED = 8
MAX_REFUSED = 64
"""These are answered with HTTP 503; further connections are dropped without an answer."""
MAX_FAILURES = 10
FAILURES_WITHIN_S = 60.0
BARRED_S = 60.0
MAX_ADDRESSES = 1024
"""Remembered addresses. The one that failed longest ago is dropped first, so that nobody can fill the memory."""
MAX_LINES = 3
LINES_WITHIN_S = 60.0
"""Unauthenticated connections add at most MAX_LINES lines to the log in this time."""
MAX_DUPLICATES = 16
"""Other nodes with this node's id that the console names: anybody may announce the id, at any number of addresses."""

# Links to coordinators.
HEARTBEAT_S = 2.0
LOST_AFTER_S = 10.0
LAST_WORDS_S = 2.0
"""For sending an error before the link is closed. If the peer does not read, the link is closed without it."""
CLOSE_TIMEOUT_S = 1.0
"""For each of the four steps of closing a link; after that it is cut."""
MAX_UNSENT = 4096
"""Messages that may wait for a coordinator that sends requests but does not read: more would fill the memory."""
MAX_FETCHES = 4096
"""Results that may wait to be sent over one link."""

# Blobs.
MAX_UPLOADS = 16
"""Blobs being received over one link: each keeps a file open, and a coordinator needs one."""
RESERVE_BYTES = 256 * 1024 * 1024
"""Kept free on the disk, for the frames."""
LOOK_AGAIN_S = 1.0
"""For how long the size of the cache is taken as known while small blobs arrive. Other nodes may use the same cache."""
MAX_PARTS = 64
"""Blobs that are being received or can be resumed, in the whole node."""
PARTS_SHARE = 0.5
"""Share of the cache's limit for parts that wait to be resumed. The newest one is always kept."""
PART_KEPT_S = 3 * 24 * 3600.0
"""How long a part is kept for resuming: over a weekend."""
TIDY_EVERY_S = 3600.0
"""How often old parts are removed. This also happens at the node's start, and when a transfer starts or breaks off."""

MAX_MANIFEST_BYTES = 32 * 2**20
"""Size of the list of a job's files."""
MAX_PROJECT_FILES = 100_000
"""Files of a job besides the blendfile."""

# The machine.
ACCEPT_PAUSE_S = 1.0
"""Pause after an accept error that affects all connections; also between two checks that the port is still open."""
GONE_PEER_PAUSE_S = 0.01
"""Pause after an error of one peer, so that an error that does affect all peers cannot use a whole core."""
REFUSED_WITHIN_S = 3.0
"""If the system refuses to stay awake, the program that asked ends at once. If it still runs then, it was granted."""

# The job.
JOB_KEPT_S = 600.0
"""How long a job without a link is kept for its coordinator."""

# Slots.
LIMIT_CHECKS = 30
"""The two limits below are counted in this many checks, so that time during which the machine sleeps is excluded."""
START_LIMIT_S = 300.0
"""From the start of a Blender to its first message. Allows for a slow disk, and a first start after installation."""
LOAD_LIMIT_S = 1800.0
"""For opening a blendfile and reading the files that it uses. Blender shows no progress meanwhile, so this must be
enough for the largest file. With START_LIMIT_S it is below the 40 minutes that a coordinator waits for an answer. A
Blender that bakes, mixes sound or checks frames may be silent for as long: one frame of a heavy simulation takes that."""
QUIT_GRACE_S = 0.7
EXIT_GRACE_S = 5.0
"""Between the end of the channel and the end of the process: a crashing Blender still writes its crash report."""
KILL_GRACE_S = 5.0
"""For a killed process to exit. One that hangs in a driver or on a disk cannot be killed, and is abandoned."""
OUTPUT_GRACE_S = 2.0
MAX_STARTS_IN_A_ROW = 5
"""Restarts of a slot without starting a frame in between; after that it stays lost. The coordinator decides how often a
frame may crash a Blender, because it knows the other nodes."""
RESTART_PAUSE_S = 1.0
FRAME_RESERVE_BYTES = 16 * 1024 * 1024
"""Needed on the disk besides a frame of each slot: for logs, and for Blender's temporary files while it renders."""
SPACE_CHECK_S = 3.0
"""How often a slot checks for free space while the disk is full."""
BLEND_CHECK_S = 1.0
"""How often a slot checks whether a damaged blendfile has been sent again."""
MAX_LINE_BYTES = 64 * 1024 * 1024
"""Size of an event from a slot; a scene's description with all its references is one line."""
GREETING_S = 10.0
"""For the token that a slot sends when it connects."""
GREETING_BYTES = 1024
MAX_GREETERS = 64
"""Connections that have not sent a token. If there are more, the oldest is closed."""
