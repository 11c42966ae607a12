"""Keeps long lists within the limits of a message. Pure."""

from __future__ import annotations

from typing import Any

from .protocol import MAX_RESULTS, MAX_TEXT, encode_message


def fit_job_loaded(message: dict[str, Any]) -> dict[str, Any]:
    """Drops references from the end (missing ones are first) until the message fits."""
    scene = message["scene"]
    while _is_too_long(message) and scene["references"]:
        scene["references"] = scene["references"][: len(scene["references"]) // 2]
    return message


def fit_job_opened(message: dict[str, Any]) -> dict[str, Any]:
    """Drops results from the end: a coordinator that cannot read the message could never continue the job."""
    message["results"] = message["results"][:MAX_RESULTS]
    while _is_too_long(message) and message["results"]:
        message["results"] = message["results"][: len(message["results"]) * 3 // 4]
    return message


def _is_too_long(message: dict[str, Any]) -> bool:
    return len(encode_message(message).encode("utf-8")) > MAX_TEXT
