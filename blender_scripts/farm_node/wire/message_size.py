"""Keeping long lists within the bounds of one message; pure."""

from __future__ import annotations

from typing import Any

from .protocol import MAX_RESULTS, MAX_TEXT, encode_message


def fit_job_loaded(message: dict[str, Any]) -> dict[str, Any]:
    """Leaves references out, from the end (the missing ones stand first), until the message fits."""
    scene = message["scene"]
    while _is_too_long(message) and scene["references"]:
        scene["references"] = scene["references"][: len(scene["references"]) // 2]
    return message


def fit_job_opened(message: dict[str, Any]) -> dict[str, Any]:
    """Leaves results out, from the end: a coordinator that cannot read it could never take the job up again."""
    message["results"] = message["results"][:MAX_RESULTS]
    while _is_too_long(message) and message["results"]:
        message["results"] = message["results"][: len(message["results"]) * 3 // 4]
    return message


def _is_too_long(message: dict[str, Any]) -> bool:
    return len(encode_message(message).encode("utf-8")) > MAX_TEXT
