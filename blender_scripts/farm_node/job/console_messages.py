"""Prints the messages of a job on the node's console."""

from __future__ import annotations

from typing import Any

from ..console import say, warn


def print_message(message: dict[str, Any]) -> None:
    """Prints a short line for each message that matters to a person at the node."""
    kind = message["type"]
    if kind == "frame-rendered":
        result = message["result"]
        where = f"slot {result['slot']}, {result['device']}"
        say(f"frame {result['frame']} rendered in {result['seconds']:.1f} s ({where})")
    elif kind == "frame-failed":
        error = message["error"]
        say(f"frame {message['frame']} failed: {error['code']}: {error['message']}")
    elif kind == "job-load-failed":
        say(f"the blendfile cannot be used: {message['error']['code']}: {message['error']['message']}")
    elif kind == "slot-changed" and message["state"] == "lost":
        warn(f"slot {message['slot']} was lost: {message['error']['code']}: {message['error']['message']}")
    elif kind == "check-done" and message["outcome"] == "different":
        warn(f"slot {message['slot']} rendered frame {message['frame']} differently from a new process")
    elif kind == "warning":
        warn(f"{message['code']}: {message['message']}")
