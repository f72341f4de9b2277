"""The S3 server of ./dev run (SeaweedFS): a bucket of this machine in the name of each carrier of sealed files (PC-91, PC-92).

It belongs to the embedded servers and lives as long as they do, so that ./dev manage reaches the same objects, with a run beside
it or without. An instance that keeps its objects there does so for good; one with files on disk from before keeps those.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
import zlib
from pathlib import Path

from launcher import buckets
from launcher.console import Problem
from launcher.keyring import kept
from launcher.places import STORAGE, make_folder
from launcher.ports import refuse_taken
from launcher.processes import Child, start
from launcher.provision import log_path
from launcher.servers import ENVIRONMENT, Instance

HOUSE = "house"
BUCKETS = {"scaleway": "praticonnect-scaleway", "aws": "praticonnect-aws"}
RIGHTS = ("Read", "Write", "List")
"""What the product's keys may do, each in its own bucket alone. Only the launcher's key makes buckets."""
PARTS = ("master", "volume", "filer", "s3")
GRPC_ABOVE = 10_000
"""Each part listens there a second time."""
PORTS = range(20_000, 22_760, 10)
"""With those above, below what the kernel gives to whoever asks for any port."""
START_SECONDS = 60.0
SWITCH = "PRATICONNECT_STORAGE"
START_WITHOUT = f"where nothing is stored yet, {SWITCH}=files ./dev run goes without it"
START_ANEW = "start anew in another folder: PRATICONNECT_VAR=FOLDER ./dev run"


class Storage:
    """One server with its folder, keys and ports."""

    def __init__(self, instance: Instance) -> None:
        self.folder = instance.folder / "storage"
        self.log = instance.folder / "storage.log"
        self.mark = self.folder / "has-objects"

    def start(self) -> Child:
        """Start it; :meth:`wait` says when it takes objects."""
        make_folder(self.folder, 0o700)
        make_folder(self.folder / "data", 0o700)
        self.keys()
        ports = self.chosen_ports()
        self.log.write_bytes(b"")
        # Killed with its keeper: asked politely, it would stay for another 15 s. What was written is written.
        return start(
            "storage", self.command(ports), self.log, env=environment(), cwd=self.folder, on_orphan=signal.SIGKILL
        )

    def command(self, ports: dict[str, int]) -> list[str]:
        """The server's program and its options; nobody but this machine reaches it."""
        here = [f"-{part}.port={port}" for part, port in ports.items()]
        return [
            str(binary()), "server", f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *here,
            "-filer", "-s3", f"-s3.config={self.folder / 'keys.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0", "-volume.preStopSeconds=0",
            "-master.electionTimeout=500ms", "-master.heartbeatInterval=50ms",  # alone, it needn't wait for others
        ]  # fmt: skip

    def wait(self, child: Child) -> int:
        """Return its port once both buckets are there and take objects. Raises Problem with its words if it ends or stays silent."""
        deadline = time.monotonic() + START_SECONDS
        while (why := self.why_not_ready()) != "":
            if child.ended() or time.monotonic() > deadline:
                raise Problem(f"The S3 server doesn't start ({why}); the end of {self.log}:\n{child.last_words()}")
            time.sleep(0.05)
        self.mark.touch()
        return self.ports()["s3"]

    def why_not_ready(self) -> str:
        """Empty once it takes objects; makes the buckets that aren't there."""
        ports, keys = self.ports(), self.keys()
        try:
            for bucket in BUCKETS.values():
                buckets.make(ports["s3"], bucket, HOUSE, keys[HOUSE])
                buckets.must_take_objects(ports["master"], bucket)
        except (buckets.NotYet, OSError) as said:
            return str(said) or type(said).__name__
        return ""

    def keys(self) -> dict[str, str]:
        """The secret of each key, made once: the launcher's own and one for each bucket. The server reads the same file."""
        found = json.loads(kept(self.folder / "keys.json", made_keys))
        return {one["name"]: one["credentials"][0]["secretKey"] for one in found["identities"]}

    def ports(self) -> dict[str, int]:
        """Where its parts listen, as they did the last time."""
        found: dict[str, int] = json.loads((self.folder / "ports.json").read_text())
        return found

    def chosen_ports(self) -> dict[str, int]:
        """Those of the last time if they are free, else others. Raises Problem when there are none."""
        said = self.folder / "ports.json"
        first = zlib.crc32(str(self.folder).encode()) % len(PORTS)  # checkouts beside each other begin elsewhere
        tried = [self.ports()["master"]] if said.exists() else []
        for begin in (*tried, *PORTS[first:], *PORTS[:first]):
            ports = {part: begin + place for place, part in enumerate(PARTS)}
            if all(is_free(port) and is_free(port + GRPC_ABOVE) for port in ports.values()):
                said.write_text(json.dumps(ports))
                return ports
        raise Problem(f"The S3 server finds no free ports from {PORTS.start} to {PORTS.stop}; {START_WITHOUT}")

    def environment(self, port: int) -> dict[str, str]:
        """What the product is told: documents at the first target, identity papers at the second."""
        secret = self.keys()
        found = {"S3_CARRIER": "scaleway", "S3_REGION": "fr-par", "AWS_S3_REGION": "eu-west-1"}
        for block, carrier in (("S3_", "scaleway"), ("AWS_S3_", "aws")):
            found |= {f"{block}BUCKET": BUCKETS[carrier], f"{block}ENDPOINT_URL": f"http://127.0.0.1:{port}"}
            found |= {f"{block}ACCESS_KEY": carrier, f"{block}SECRET_KEY": secret[carrier]}
        return found | {"STORAGE_AT_AWS": "identity"}


def why_files(instance: Instance, files: Path) -> str:
    """Why sealed files lie elsewhere than in the S3 server here; empty where it holds them.

    Raises Problem where objects of earlier runs would be out of reach: a sweep or an erasure would miss them.
    """
    choice, there = os.environ.get(SWITCH, ""), Storage(instance).mark.exists()
    if choice not in ("", "files"):
        raise Problem(f"{SWITCH} is {choice!r}: write files, or leave it out.")
    if os.environ.get("S3_BUCKET") or os.environ.get("AWS_S3_BUCKET"):
        return "S3_BUCKET names a storage of yours"
    if there and (choice or not binary().exists()):
        why = (
            f"{SWITCH}=files is set: leave it out" if choice else f"its program isn't installed: {log_path()} says why"
        )
        raise Problem(
            f"Sealed files lie in the S3 server under {instance.folder / 'storage'}, but {why}, or {START_ANEW}"
        )
    if there:
        return ""
    if choice:
        return f"{SWITCH}=files"
    if not binary().exists():
        return "the S3 server couldn't be installed"
    return f"those of earlier runs lie there; {START_ANEW}" if has_files(files) else ""


def has_files(folder: Path) -> bool:
    """True if anything was ever stored on disk and lies there still."""
    return any(path.is_file() for path in folder.rglob("*"))


def binary() -> Path:
    """SeaweedFS's program."""
    return STORAGE / "bin" / "weed"


def made_keys() -> str:
    """The keys as the server reads them."""
    rights = {HOUSE: ["Admin"], **{carrier: [f"{one}:{name}" for one in RIGHTS] for carrier, name in BUCKETS.items()}}
    return json.dumps({
        "identities": [
            {"name": name, "credentials": [{"accessKey": name, "secretKey": secrets.token_hex(24)}], "actions": actions}
            for name, actions in rights.items()
        ]
    })  # fmt: skip


def environment() -> dict[str, str]:
    """The server's own: its parts know each other by keys of this one start, so that nobody asks them past S3."""
    parts = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
    return {**ENVIRONMENT, **{f"WEED_JWT_{part}_KEY": secrets.token_hex(24) for part in parts}}


def is_free(port: int) -> bool:
    """True if nobody listens there."""
    try:
        refuse_taken("127.0.0.1", port, "")
    except Problem:
        return False
    return True
