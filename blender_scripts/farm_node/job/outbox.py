"""Where a job's messages go: to the console, and to the coordinator while there is a link."""

from __future__ import annotations

from typing import Any, Callable, Optional

from .console_messages import print_message

Emit = Callable[[dict[str, Any]], None]

MAX_KEPT = 256
"""What checks have found without a link: one for each slot that a node can have."""


class Outbox:
    """Without a link, messages are dropped: `job-opened` tells what matters, but for what checks have found."""

    def __init__(self) -> None:
        self._emit: Optional[Emit] = None
        self._kept: list[dict[str, Any]] = []

    @property
    def is_attached(self) -> bool:
        return self._emit is not None

    def attach(self, emit: Emit) -> None:
        self._emit = emit
        kept, self._kept = self._kept, []
        for message in kept:
            emit(message)

    def detach(self) -> None:
        self._emit = None

    def send(self, message: dict[str, Any]) -> None:
        print_message(message)
        if self._emit is not None:
            self._emit(message)
        elif message["type"] == "check-done":
            self._kept = [*self._kept, message][-MAX_KEPT:]
