"""The node as a whole: its identity, its cache and its current job."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Callable, Optional

from farm_slot.held_files import remove_tree

from . import SOFTWARE_VERSION
from .awake import Awake
from .cache.blob_store import BlobStore
from .console import say
from .identity import Identity
from .job.allowed import Allowed
from .job.job import Job
from .job.job_folder import JobFolder
from .job.job_title import JobTitle
from .limits import JOB_KEPT_S
from .session.session import Session
from .slots.blender_program import BlenderProgram
from .slots.slot_channel import SlotSwitchboard
from .wire.duplicates import Duplicates
from .wire.link import CLOSE_REPLACED, Link
from .wire.message_size import fit_job_opened
from .wire.overrides import OVERRIDES
from .wire.pictures import FORMATS
from .wire.protocol import MAX_BLOB, Message


class Node:
    """Implements what sessions need. `close` ends the job; the server closes the links."""

    def __init__(
        self,
        identity: Identity,
        name: str,
        slots: int,
        program: BlenderProgram,
        store: BlobStore,
        board: SlotSwitchboard,
        run_folder: Path,
        on_state: Callable[[str], None],
        duplicates: Duplicates,
        *,
        awake: Awake,
        allowed: Allowed = Allowed(),
    ) -> None:
        self.store = store
        self._awake = awake
        self._allowed = allowed
        self.duplicates = duplicates
        self._identity = identity
        self._name = name
        self._slots = slots
        self._program = program
        self._board = board
        self._run_folder = run_folder
        self._on_state = on_state
        self._job: Optional[Job] = None
        self._owner: Optional[Session] = None
        self._expiry: Optional[asyncio.TimerHandle] = None
        self._ending = False
        self._closing: set[asyncio.Task[None]] = set()

    async def serve_link(self, link: Link) -> None:
        """Serves a coordinator until the link ends."""
        session = Session(link, self)
        try:
            reason = await session.run()
        finally:
            self._on_session_ended(session)
        await link.close()
        if session.job is not None and self._expiry is not None:
            job = session.job
            say(f"job {job.job_id[:8]} {job.title}: the connection is lost ({reason}); kept for 10 minutes")

    def node_info(self) -> dict[str, Any]:
        return {
            "type": "node-info",
            "node": self._identity.node_id,
            "start": self._identity.start,
            "name": self._name,
            "platform": sys.platform,
            "blender": self._program.version,
            "python": ".".join(map(str, sys.version_info[:3])),
            "software": SOFTWARE_VERSION,
            "slots": self._slots,
            "cacheFreeBytes": self.store.free_bytes(),
            "maxBlobBytes": min(self.store.limit, MAX_BLOB),
            "overrides": sorted(OVERRIDES),
            "pictures": list(FORMATS),
            "addons": self._allowed.addons,
            "job": None if self._job is None else _described(self._job),
        }

    async def open_job(self, session: Session, message: Message) -> dict[str, Any]:
        """The answer to `job-open`."""
        if self._job is not None and self._gives_way(self._job, message["job"]):
            await self.close_job(self._job)
        job = self._job
        if job is not None and job.job_id != message["job"]:
            return {"type": "busy", **_described(job)}
        resumed = job is not None
        if job is None:
            job = self._new_job(message)
        self._attach(session, job)
        return fit_job_opened({"type": "job-opened", "job": job.job_id, "resumed": resumed, **job.status()})

    def _gives_way(self, job: Job, wanted_id: str) -> bool:
        """Whether the node's job must end before `job-open` is answered."""
        if job.job_id == wanted_id:
            return job.is_closing  # too late to continue it; the job starts again
        return self._owner is None and job.is_idle()  # its coordinator loses no work if it comes back

    async def close_job(self, job: Job) -> None:
        """Closes the job. The node is free for another job afterwards. Idempotent."""
        await job.close()
        if self._job is job:
            self._job = None
            if self._owner is not None:
                self._owner.job = None
            self._owner = None
            self._cancel_expiry()
            self._on_state("idle")
            self._awake.end()
            say(f"job {job.job_id[:8]} {job.title} ended: {job.rendered} frames rendered here")

    async def close(self) -> None:
        self._ending = True
        if self._job is not None:
            await self.close_job(self._job)
        await asyncio.gather(*self._closing)

    def _new_job(self, message: Message) -> Job:
        count = min(message["slots"] or self._slots, self._slots)
        folder = self._run_folder / f"job-{message['job'][:8]}"
        remove_tree(folder)
        folder.mkdir()
        files = JobFolder(folder, self.store)
        title = JobTitle(message.get("name", ""), message["holder"])
        job = Job(message["job"], title, count, self._program, self._board, files)
        job.allowed = self._allowed
        self._job = job
        self._on_state("busy")
        self._awake.begin()
        say(f"job {job.job_id[:8]} {job.title} starts")
        return job

    def _attach(self, session: Session, job: Job) -> None:
        self._cancel_expiry()
        former, self._owner = self._owner, session
        if former is not None and former is not session:
            job.detach()  # as after a lost link: the old one is dead, although this node has not noticed
            former.job = None
            self._background(former.link.close(CLOSE_REPLACED))
        session.job = job
        job.attach(session.link.post)

    def _on_session_ended(self, session: Session) -> None:
        if self._owner is not session or self._job is None:
            return
        job, self._owner = self._job, None
        job.detach()
        if not self._ending:
            self._expiry = asyncio.get_running_loop().call_later(JOB_KEPT_S, self._expire, job)

    def _expire(self, job: Job) -> None:
        say(f"job {job.job_id[:8]} {job.title}: the machine that renders the film did not come back")
        job.close()  # at once, so that no coordinator can resume it before it is closing
        self._background(self.close_job(job))

    def _cancel_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _described(job: Job) -> dict[str, Any]:
    """What others with the key are told about a job."""
    return {"holder": job.title.holder, "name": job.title.name, "since": job.since_ms}
