"""Keeping a scene's description within the bound of one message; pure."""

from __future__ import annotations

from typing import Any

from .protocol import MAX_TEXT, encode_message


def fit_job_loaded(message: dict[str, Any]) -> dict[str, Any]:
    """Leaves references out, from the end (the missing ones stand first), until the message fits."""
    scene = message["scene"]
    while len(encode_message(message).encode("utf-8")) > MAX_TEXT and scene["references"]:
        scene["references"] = scene["references"][: len(scene["references"]) // 2]
    return message
