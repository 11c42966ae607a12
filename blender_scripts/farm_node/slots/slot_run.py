"""The state of one process of a slot, and the faults that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..errors import Fault
from .blender_log import fraction_done
from .exit_cause import explain_end, explain_raised, oom_kills
from .frame_result import FrameExpectation
from .slot_log import SlotLog
from .slot_process import SlotEnd


class SlotRun:
    """`verdict` is the reason why the node stopped it. It is reported as the fault of the process."""

    def __init__(self, folder: Path) -> None:
        self.log = SlotLog(folder / "blender.log")
        self.expect: Optional[FrameExpectation] = None
        """Known once the file is open."""
        self.verdict: Optional[Fault] = None
        self.fraction: Optional[float] = None
        """How much of the running frame is done, 0 to 1, if the log shows it."""
        self._engine = ""
        self._frames = 0
        self._oom_before = oom_kills()

    def open_file(self, event: dict[str, Any], slot: int) -> None:
        """The process has reported the scene that it loaded."""
        scene = event["scene"]
        self.expect = FrameExpectation.of(event["expected"], scene["device"], slot)
        self._engine = next((each["engine"] for each in scene["scenes"] if each["name"] == scene["scene"]), "")

    @property
    def has_rendered(self) -> bool:
        return self._frames > 0

    def begin_frame(self) -> None:
        self.fraction = None
        self.log.mark()

    def end_frame(self) -> None:
        """A frame has ended, with or without a complete file: this process can render with this engine."""
        self._frames += 1

    def read(self, line: str) -> None:
        """Reads a line of its output."""
        fraction = fraction_done(line)
        if fraction is not None:
            self.fraction = fraction

    def fault_of(self, event: dict[str, Any], otherwise: str) -> Fault:
        """The fault of an exception that the process has reported."""
        return explain_raised(event, otherwise, self.log.lines).with_log(self.log.tail())

    def fault_of_end(self, end: SlotEnd, was_rendering: bool) -> Fault:
        first_eevee_frame = was_rendering and self._frames == 0 and self._engine.startswith("BLENDER_EEVEE")
        fault = self.verdict or explain_end(end, self.log.lines, first_eevee_frame, self._oom_before, oom_kills())
        return fault.with_log(self.log.tail())
