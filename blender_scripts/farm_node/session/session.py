"""The conversation with an authenticated coordinator. It passes each message to the part that handles it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Awaitable, Callable, Coroutine, Optional, Protocol

from farm_slot.files.portable_paths import is_portable_path

from ..cache.blob_store import BlobStore
from ..console import warn
from ..errors import Fault, FaultError, ProtocolError, fault_of
from ..job.bake import bake
from ..job.job import Job
from ..job.made_file import MadeFile
from ..job.mix import mix
from ..job.order_check import check_order
from ..job.project import PLAIN_BLEND, ProjectFile, file_of
from ..slots.attempts import Attempt, Result
from ..wire.duplicates import Duplicates
from ..wire.link import Link, LinkLost
from ..wire.protocol import Message, Piece
from .downloads import Downloads
from .uploads import Uploads


class Host(Protocol):
    """The part of the node that a session needs."""

    store: BlobStore
    duplicates: Duplicates

    def node_info(self) -> dict[str, Any]: ...
    async def open_job(self, session: Session, message: Message) -> dict[str, Any]: ...
    async def close_job(self, job: Job) -> None: ...


class Session:
    """The host sets `job` while the job is attached to this session."""

    def __init__(self, link: Link, host: Host) -> None:
        self.link = link
        self.job: Optional[Job] = None
        self._host = host
        self._uploads = Uploads(host.store)
        self._tasks: set[asyncio.Task[None]] = set()
        """Answers that take long, while frames are assigned and fetched."""
        self._downloads = Downloads(link, self._result, self._file_of)
        self._actions: dict[str, Callable[[Message], Awaitable[None]]] = {
            "job-open": self._job_open,
            "job-load": self._job_load,
            "project-add": self._project_add,
            "job-checks": self._job_checks,
            "order-check": self._order_check,
            "job-bake": self._job_bake,
            "job-mix": self._job_mix,
            "job-close": self._job_close,
            "blob-query": self._blob_query,
            "blobs-query": self._blobs_query,
            "blob-bundle": self._blob_bundle,
            "blob-begin": self._blob_begin,
            "blob-end": self._blob_end,
            "blob-fetch": self._blob_fetch,
            "frame-assign": self._frame_assign,
            "frame-withdraw": self._frame_withdraw,
            "frame-cancel": self._frame_cancel,
            "result-fetch": self._result_fetch,
            "result-release": self._result_release,
            "duplicate-id": self._duplicate_id,
        }

    async def run(self) -> str:
        """Returns why it ended, for the console. By then all its tasks have ended; the host owns the job."""
        tasks = [asyncio.create_task(self.link.run_sending()), asyncio.create_task(self._downloads.run())]
        try:
            self.link.post(self._host.node_info())
            while True:
                await self._handle(await self.link.receive())
        except LinkLost as lost:
            return str(lost)
        except ProtocolError as error:
            warn(f"a machine sent what this node does not understand, so it was disconnected: {error}")
            await self.link.refuse(error)
            return str(error)
        finally:
            for task in [*tasks, *self._tasks]:
                task.cancel()
            await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)
            await self._uploads.close()

    async def _handle(self, data: Any) -> None:
        if isinstance(data, Piece):
            self._answer(await self._uploads.piece(data))
        else:
            await self._actions[data["type"]](data)

    def _start(self, answer: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _answer(self, message: Optional[dict[str, Any]]) -> None:
        if message is not None:
            self.link.post(message)

    def _result(self, attempt: Attempt) -> Optional[Result]:
        return self.job.results.get(attempt.pair) if self.job else None

    def _file_of(self, sha256: str) -> Optional[Path]:
        """Only a file of this link's job: the cache has those of other people too."""
        return self.job.folder.project.files.get(sha256) if self.job else None

    async def _job_open(self, message: Message) -> None:
        self.link.post(await self._host.open_job(self, message))

    async def _job_load(self, message: Message) -> None:
        if self.job is None or self.job.job_id != message["job"]:
            raise ProtocolError(f"Cannot load: job {message['job']} is not open on this connection")
        wanted = {key: message[key] for key in ("blend", "scene", "colorMode")}
        wanted.update({key: message.get(key) for key in ("simulations", "sampleFrom", "overrides", "pictures")})
        wanted["addons"] = message.get("addons", [])
        project = {"path": message.get("path", PLAIN_BLEND), "files": message.get("files"), "colors": message.get("colors")}
        if not is_portable_path(project["path"]):
            raise ProtocolError("Cannot load: the blendfile's path leaves the project's folder")
        self.job.begin_load({**wanted, **project, "allowScripts": message.get("allowScripts", False)})

    async def _project_add(self, message: Message) -> None:
        try:
            files = [file_of(each) for each in message["files"]]
        except ValueError as error:
            raise ProtocolError(f"Cannot add files: {error}") from None
        if self.job is None or self.job.job_id != message["job"]:
            raise ProtocolError(f"Cannot add files: job {message['job']} is not open on this connection")
        self._start(self._add(self.job, message["number"], files))

    async def _add(self, job: Job, number: int, files: list[ProjectFile]) -> None:
        fault = await job.folder.add_files(files)
        error = None if fault is None else fault.to_message()
        self.link.post({"type": "project-added", "job": job.job_id, "number": number, "error": error})

    async def _job_checks(self, message: Message) -> None:
        if self.job is not None:
            self.job.slots.plan_checks(message["share"], message["seed"])

    async def _order_check(self, message: Message) -> None:
        self._start(self._check_order(self._loaded_job(), message["number"], message["frames"]))

    async def _job_bake(self, message: Message) -> None:
        self._start(self._bake(self._loaded_job(), message["number"], message["limitSeconds"]))

    async def _job_mix(self, message: Message) -> None:
        self._start(self._mix(self._loaded_job(), message["number"], message["firstFrame"], message["lastFrame"]))

    def _loaded_job(self) -> Job:
        if self.job is None or not self.job.is_loaded:
            raise ProtocolError("Cannot ask about the scene: no blendfile is open on this connection")
        return self.job

    def _tell_baking(self, share: float) -> None:
        self.link.post({"type": "bake-progress", "fraction": share})

    async def _bake(self, job: Job, number: int, limit_s: int) -> None:
        blend, error = await _made(job, bake(job.side_blender(), job.load_command, limit_s, self._tell_baking))
        self.link.post({"type": "job-baked", "number": number, "blend": blend, "error": error})

    async def _mix(self, job: Job, number: int, first: int, last: int) -> None:
        sound, error = await _made(job, mix(job.side_blender(), job.load_command, first, last))
        self.link.post({"type": "job-mixed", "number": number, "sound": sound, "error": error})

    async def _check_order(self, job: Job, number: int, frames: list[int]) -> None:
        differing, fault = await check_order(job.side_blender(), job.load_command, frames)
        error = None if fault is None else fault.to_message()
        self.link.post({"type": "order-checked", "number": number, "differing": differing, "error": error})

    async def _job_close(self, message: Message) -> None:
        if self.job is not None and self.job.job_id == message["job"]:
            await self._host.close_job(self.job)
        self.link.post({"type": "job-closed", "job": message["job"]})

    async def _blob_query(self, message: Message) -> None:
        state = await self._uploads.query(message)
        if "path" in message and state["haveBytes"] == 0:
            self._start(self._copy(message))
        else:
            self.link.post(state)

    async def _copy(self, message: Message) -> None:
        self.link.post(await self._uploads.copy(message))

    async def _blobs_query(self, message: Message) -> None:
        self.link.post(await self._uploads.query_many(message))

    async def _blob_bundle(self, message: Message) -> None:
        self._uploads.bundle(message)

    async def _blob_begin(self, message: Message) -> None:
        self._answer(await self._uploads.begin(message))

    async def _blob_end(self, message: Message) -> None:
        self._answer(await self._uploads.end(message))

    async def _blob_fetch(self, message: Message) -> None:
        self._uploads.claim(message["transfer"])
        self._downloads.fetch(message)

    async def _frame_assign(self, message: Message) -> None:
        attempt = _attempt(message)
        if self.job is None:  # closed meanwhile
            fault = Fault("SLOT_LOST", "No job is open on this connection")
            self.link.post(
                {"type": "frame-failed", **attempt.to_message(), "slot": message["slot"], "error": fault.to_message()}
            )
        elif self.job.knows(attempt):
            raise ProtocolError(f"Frame {attempt.frame} was assigned twice, both times with number {attempt.number}")
        else:
            self.job.assign(message["slot"], attempt)

    async def _frame_withdraw(self, message: Message) -> None:
        if self.job is not None:
            self.job.withdraw(_attempt(message))

    async def _frame_cancel(self, message: Message) -> None:
        if self.job is not None:
            self.job.cancel(_attempt(message))

    async def _result_fetch(self, message: Message) -> None:
        self._uploads.claim(message["transfer"])
        self._downloads.fetch(message)

    async def _result_release(self, message: Message) -> None:
        if self.job is not None:
            self.job.release(_attempt(message))

    async def _duplicate_id(self, message: Message) -> None:
        self._host.duplicates.report(message["name"], message["address"])


async def _made(job: Job, making: Awaitable[MadeFile]) -> tuple[Optional[dict[str, Any]], Optional[dict[str, Any]]]:
    """The file of an answer, which the other side may then fetch, and its error: one of them is None."""
    try:
        made = await making
    except (FaultError, OSError) as error:
        return None, fault_of(error).to_message()
    job.folder.project.files[made.sha256] = made.path
    return made.to_message(), None


def _attempt(message: Message) -> Attempt:
    return Attempt(message["frame"], message["attempt"])
