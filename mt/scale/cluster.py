"""The executor ``ray``: files are read here, translated by actors, and written here again.

Ray Data streams the shards (https://docs.ray.io/en/latest/data/data.html): its scheduler starts
actors, feeds them, holds the reader back while their queues or the object store are full, and
repeats what a lost node had. A shard travels as one row with the table in Arrow's IPC format, so
that Ray neither divides nor merges it, and every executor translates the same texts together.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mt.errors import AwdaError, ModelError, RunError, TranslationError
from mt.scale.files import TableFile
from mt.scale.job import RaySection, TableJob
from mt.scale.local import Made, Work
from mt.scale.reader import Shard, read_shards
from mt.scale.translator import TableTranslator
from mt.translate.translation import Progress

if TYPE_CHECKING:
    from ray.data import Dataset, Datasource

OBJECT_STORE = 200_000_000  # bytes of shared memory for shards on their way, where Ray starts here
READERS = 2  # files read at a time; far faster than they are translated

_QUIET: Any = {"log_to_driver": False, "logging_level": logging.ERROR}


class RayExecutor:
    """A connection to Ray: the job's cluster, or a Ray of its own on this machine.

    Where the process is connected already, that connection is used, and left as it is.
    """

    def __init__(self, job: TableJob, *, fresh: bool = False) -> None:
        self._job, self._fresh = job, fresh
        self._described: dict[str, Any] = {}
        _keep_private()
        try:
            import ray
            import ray.data
        except ImportError:
            raise RunError(
                "executor 'ray' needs Ray: pip install 'awda[ray]'; 'local' works without"
            ) from None
        self._ray: Any = ray
        self._folder: TemporaryDirectory[str] | None = None
        self._connected = not ray.is_initialized()
        if self._connected:
            self._connect()
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are ours to tell
        # It counts files, each of which gives many shards.
        warnings.filterwarnings("ignore", message="The minimum number of concurrent actors")
        try:
            room = self._count_room()
        except RunError:
            self.close()
            raise
        self._actors = job.ray.actors or room

    def _connect(self) -> None:
        section = self._job.ray
        try:
            if section.address == "local":
                wanted = section.cpus * (section.actors or 1)
                self._folder = start_ray(max(wanted, os.cpu_count() or 1))
            else:
                _knock(section.address)
                self._ray.init(address=section.address, **_QUIET)
        except (OSError, ValueError, RuntimeError) as error:
            raise RunError(
                f"ray.address: no cluster answers at '{section.address}' "
                f"({str(error).strip().splitlines()[0]}); start one with 'ray start --head', "
                "or use 'local', or executor 'local'"
            ) from None

    def _count_room(self) -> int:
        """Actors that fit on the cluster; raises ``RunError`` when no node has room for one."""
        section = self._job.ray
        room = sum(_count_actors(node, section) for node in self._ray.nodes() if node["Alive"])
        if not room:
            raise RunError(
                f"ray: no node has {section.cpus} CPUs and {section.gpus:g} GPUs for an actor"
            )
        return room

    def prepare(self) -> dict[str, Any]:
        """Find and load all models on one node, so that they are converted before actors start."""
        remote = self._ray.remote(max_calls=1, max_retries=0, **self._share())(_load)
        with _plain_errors(self._ray):
            self._described = self._ray.get(remote.remote(self._job))
        return self._described

    def _share(self) -> dict[str, Any]:
        """What an actor takes of its node."""
        return {"num_cpus": self._job.ray.cpus, "num_gpus": self._job.ray.gpus}

    def translate(self, work: Work, progress: Progress) -> Iterator[Made]:
        """Translate what is not finished; shards come as they are done."""
        if not work:
            return
        legs = sum(len(system.models) for system in self._job.systems)
        with _plain_errors(self._ray):
            for row in self._stream(work).iter_rows():
                table = _unpack(row["table"])
                shard = Shard(row["file"], row["number"], row["last"], table)
                yield Made(shard, row["seconds"], row["kept"], row["protected"])
                progress(table.num_rows * legs)

    def _stream(self, work: Work) -> Dataset:
        data = self._ray.data
        context = data.DataContext.get_current().copy()
        context.target_max_block_size = 1  # a block is a row, and a row is a shard
        context.enable_progress_bars = False
        with data.DataContext.current(context):
            shards = data.read_datasource(
                _make_source(self._job, work),
                override_num_blocks=len(work),
                num_cpus=0,  # beside actors that take all there are
                concurrency=min(READERS, len(work)),
            )
            made: Dataset = shards.map_batches(
                Actor,
                fn_constructor_args=(self._job, self._fresh, self._described),
                batch_size=1,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(size=self._actors),
                **self._share(),
            )
        return made

    def close(self) -> None:
        """Stop what was started; a cluster that ran before goes on running."""
        if self._connected:
            self._ray.shutdown()
        if self._folder:
            self._folder.cleanup()


def start_ray(cpus: int) -> TemporaryDirectory[str]:
    """Start Ray on this machine alone, and connect to it; returns the folder that it works in.

    The folder is to be cleaned up after ``ray.shutdown()``.
    """
    if "RAY_AUTH_TOKEN_PATH" not in os.environ:  # else Ray would leave a token in the user's home
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    _keep_private()
    import ray

    # Short, for the path of a socket has 107 bytes.
    folder = TemporaryDirectory(prefix="awda-", ignore_cleanup_errors=True)
    ray.init(
        address="local",
        num_cpus=cpus,
        object_store_memory=OBJECT_STORE,
        include_dashboard=False,
        _temp_dir=folder.name,
        **_QUIET,
    )
    return folder


def _knock(address: str) -> None:
    """Ray itself would wait for minutes, and then end the process; raises ``OSError``."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def _keep_private() -> None:
    """Nothing leaves the machine, and little the log."""
    logging.getLogger("ray").setLevel(logging.ERROR)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")


class Actor:
    """What works on a node: the engines of all systems, loaded once."""

    def __init__(self, job: TableJob, fresh: bool, expected: dict[str, Any]) -> None:
        os.environ["AWDA_THREADS"] = str(job.ray.cpus)  # of what Ray counts as this actor's
        self._translator = TableTranslator(job, fresh=fresh)
        found = self._translator.load()
        if found["digest"] != expected["digest"]:
            raise ModelError(
                f"a node has other models than the first one ({_cite(found)}, not "
                f"{_cite(expected)}); give Hub models a revision, and folders the same files"
            )

    def __call__(self, row: pa.Table) -> pa.Table:
        start = time.perf_counter()
        made = self._translator.translate(_unpack(row["table"][0].as_py()))
        seconds = time.perf_counter() - start
        kept, protected = self._translator.count_kept(made)
        row = row.set_column(row.schema.get_field_index("table"), "table", [[_pack(made)]])
        for name, value in (("seconds", seconds), ("kept", kept), ("protected", protected)):
            row = row.append_column(name, pa.array([value]))
        return row


def _cite(described: dict[str, Any]) -> str:
    models = [model for system in described["systems"] for model in system["models"]]
    return ", ".join((*dict.fromkeys(models), described["device"]))


def _load(job: TableJob) -> dict[str, Any]:
    return TableTranslator(job).load()


def _make_source(job: TableJob, work: Work) -> Datasource:
    """A source for Ray Data with a read task per file, all on this machine."""
    from ray.data import Datasource
    from ray.data.block import BlockMetadata
    from ray.data.datasource import ReadTask

    section = job.input

    def read(file: TableFile, finished: frozenset[int]) -> Iterator[pa.Table]:
        for shard in read_shards(file, section.column, section.shard_rows, finished):
            yield pa.table(
                {
                    "file": [shard.file],
                    "number": [shard.number],
                    "last": [shard.last],
                    "table": [_pack(shard.table)],
                }
            )

    class Shards(Datasource):  # type: ignore[misc]
        supports_distributed_reads = False  # so that other nodes need not see the files

        def estimate_inmemory_data_size(self) -> None:
            return None  # unknown; Ray watches what arrives

        def get_read_tasks(self, *_: Any, **__: Any) -> list[ReadTask]:
            unknown = BlockMetadata(None, None, None, None)
            return [
                ReadTask(partial(read, file, frozenset(finished)), unknown)
                for file, finished in work.items()
            ]

    return Shards()


def _pack(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpack(packed: bytes) -> pa.Table:
    with pa.ipc.open_stream(packed) as reader:
        return reader.read_all()


def _count_actors(node: dict[str, Any], section: RaySection) -> int:
    resources = node["Resources"]
    room = resources.get("CPU", 0) // section.cpus
    if section.gpus:
        room = min(room, resources.get("GPU", 0) // section.gpus)
    return int(room)


@contextmanager
def _plain_errors(ray: Any) -> Iterator[None]:
    """An error of ours is raised as it is; any other of Ray's as a ``TranslationError``."""
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _find_cause(error) from None


def _find_cause(error: BaseException) -> AwdaError:
    cause: Any = error
    while cause:
        if isinstance(cause, AwdaError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    return TranslationError(f"ray: {str(error).strip().splitlines()[-1]}")
