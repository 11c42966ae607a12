"""What the node prints about a job."""

from __future__ import annotations

from typing import Any

from ..console import say, warn


def tell_console(message: dict[str, Any]) -> None:
    """Prints a short line for each message that matters to a person at the node."""
    kind = message["type"]
    if kind == "frame-rendered":
        result = message["result"]
        say(f"frame {result['frame']} rendered in {result['seconds']:.1f} s (slot {result['slot']}, {result['device']})")
    elif kind == "frame-failed":
        error = message["error"]
        say(f"frame {message['frame']} failed: {error['code']}: {error['message']}")
    elif kind == "job-load-failed":
        say(f"the blendfile cannot be used: {message['error']['code']}: {message['error']['message']}")
    elif kind == "slot-changed" and message["state"] == "lost":
        warn(f"slot {message['slot']} was lost: {message['error']['code']}: {message['error']['message']}")
    elif kind == "warning":
        warn(f"{message['code']}: {message['message']}")
