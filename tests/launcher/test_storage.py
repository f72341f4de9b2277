"""The S3 server beside ./dev run for real: two buckets with versions, closed to others; what lies there is there the next time."""

import json
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from launcher import buckets, environment, provision, running, storage
from launcher.console import Problem
from launcher.processes import Child
from launcher.servers import Instance
from launcher.storage import BUCKETS, GRPC_ABOVE, Storage
from praticonnect.storage_settings import default_storage
from tests.adapters.s3server import program

SHELL = ("PRATICONNECT_STORAGE", "S3_BUCKET", "AWS_S3_BUCKET", "PRATICONNECT_PG", "PRATICONNECT_VAR")
NOWHERE = Path("/nowhere")


@pytest.fixture(autouse=True)
def _bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SHELL, *environment.SERVER_URLS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def program_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "binary", program)


@pytest.fixture
def program_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "binary", lambda: NOWHERE)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    (tmp_path / "dev").mkdir()
    return Instance(tmp_path / "dev", debian=False, durable=True, storage=True)


def up(instance: Instance, children: ExitStack) -> tuple[Storage, Child, dict[str, str]]:
    """The server, its process, and what the product is told once it takes objects."""
    made = Storage(instance)
    child = made.start()
    children.callback(child.stop, signal.SIGKILL, 5)
    return made, child, made.environment(made.wait(child))


def client(told: dict[str, str], block: str) -> Any:
    """As the product speaks to one of the two."""
    return boto3.client(
        "s3", endpoint_url=told[f"{block}ENDPOINT_URL"], aws_access_key_id=told[f"{block}ACCESS_KEY"],
        aws_secret_access_key=told[f"{block}SECRET_KEY"], region_name=told[f"{block}REGION"],
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )  # fmt: skip


def refused(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ClientError as said:
        return bool(said.response["ResponseMetadata"]["HTTPStatusCode"] == 403)
    return False


@pytest.mark.usefixtures("program_is_there")
def test_objects_are_there_again_after_a_kill_and_on_other_ports(instance: Instance) -> None:
    """One start and one restart for all that is asked of the real server: it takes a few seconds to come up."""
    with ExitStack() as children:
        made, child, told = up(instance, children)
        first, second = client(told, "S3_"), client(told, "AWS_S3_")
        first.put_object(Bucket=told["S3_BUCKET"], Key="documents/one", Body=b"sealed")
        second.put_object(Bucket=told["AWS_S3_BUCKET"], Key="identity/one", Body=b"sealed too")
        stored = ((first, BUCKETS["scaleway"]), (second, BUCKETS["aws"]))
        found = [one for each, name in stored for one in each.list_object_versions(Bucket=name)["Versions"]]
        assert ["null" in one["VersionId"] for one in found] == [False, False]
        assert refused(lambda: first.list_objects_v2(Bucket=told["AWS_S3_BUCKET"]))
        assert refused(lambda: second.get_object(Bucket=told["S3_BUCKET"], Key="documents/one"))
        assert refused(lambda: first.create_bucket(Bucket="another"))
        assert stat.S_IMODE((made.folder / "keys.json").stat().st_mode) == 0o600
        asked = buckets._ask("GET", made.ports()["filer"], f"/buckets/{told['S3_BUCKET']}/documents/one", b"", {})
        assert asked[0] == 401
        ports = made.ports()
        child.stop(signal.SIGKILL, 5)
    with ExitStack() as children, socket.create_server(("127.0.0.1", ports["s3"])):
        made, child, again = up(instance, children)
        assert made.ports()["s3"] != ports["s3"]
        assert {name for name in told if told[name] != again[name]} == {"S3_ENDPOINT_URL", "AWS_S3_ENDPOINT_URL"}
        first = client(again, "S3_")
        assert first.get_object(Bucket=again["S3_BUCKET"], Key="documents/one")["Body"].read() == b"sealed"
        lying = first.list_object_versions(Bucket=again["S3_BUCKET"])["Versions"]
        first.delete_object(Bucket=again["S3_BUCKET"], Key="documents/one", VersionId=lying[0]["VersionId"])
        assert "Versions" not in first.list_object_versions(Bucket=again["S3_BUCKET"])
        assert client(again, "AWS_S3_").list_objects_v2(Bucket=again["AWS_S3_BUCKET"])["KeyCount"] == 1


@pytest.mark.usefixtures("program_is_there")
def test_a_server_that_ends_at_once_is_said_with_its_words(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Storage(instance)
    monkeypatch.setattr(made, "command", lambda _ports: ["/bin/sh", "-c", "echo no room left; exit 3"])
    child = made.start()
    child.process.wait()
    with pytest.raises(Problem, match=r"(?s)^The S3 server doesn't start \(.*\); the end of .*:\nno room left$"):
        made.wait(child)
    assert not made.mark.exists()


def test_taken_ports_are_said_with_a_way_out(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PORTS", range(20_000, 20_010, 10))
    made = Storage(instance)
    made.folder.mkdir()
    with ExitStack() as taken:
        with suppress(OSError):  # somebody else's then
            taken.enter_context(socket.create_server(("127.0.0.1", 20_003 + GRPC_ABOVE)))
        with pytest.raises(
            Problem, match=r"^The S3 server finds no free ports from 20000 to 20010; .*=files \./dev run"
        ):
            made.chosen_ports()


def test_keys_are_made_once_and_each_may_do_its_own_bucket(instance: Instance) -> None:
    made = Storage(instance)
    assert made.keys() == Storage(instance).keys()
    rights = {one["name"]: one["actions"] for one in json.loads((made.folder / "keys.json").read_text())["identities"]}
    assert rights == {
        "house": ["Admin"],
        "scaleway": ["Read:praticonnect-scaleway", "Write:praticonnect-scaleway", "List:praticonnect-scaleway"],
        "aws": ["Read:praticonnect-aws", "Write:praticonnect-aws", "List:praticonnect-aws"],
    }


def test_the_product_takes_what_it_is_told(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Storage(instance).environment(20_003)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    options = default_storage(NOWHERE, told["S3_CARRIER"])["OPTIONS"]
    found = {carrier: (one["bucket_name"], one["endpoint_url"]) for carrier, one in options["targets"].items()}
    assert found == {carrier: (name, "http://127.0.0.1:20003") for carrier, name in BUCKETS.items()}
    assert (options["first"], options["placed"]) == ("scaleway", {"identity": "aws"})


def test_signature_is_the_one_that_boto_makes() -> None:
    now = datetime.now(UTC)
    ours = buckets.signed("PUT", "127.0.0.1:20003", "/a-bucket", "versioning=", b"body", ("key", "secret"), now)
    theirs = AWSRequest(
        "PUT", "http://127.0.0.1:20003/a-bucket?versioning=", data=b"body",
        headers={"x-amz-content-sha256": ours["x-amz-content-sha256"]},
    )  # fmt: skip
    theirs.context["timestamp"] = ours["x-amz-date"]
    made = SigV4Auth(Credentials("key", "secret"), "s3", buckets.REGION)
    theirs.headers["X-Amz-Date"] = ours["x-amz-date"]
    canonical = made.canonical_request(theirs)
    signature = made.signature(made.string_to_sign(theirs, canonical), theirs)
    assert ours["Authorization"].rpartition("Signature=")[2] == signature


@pytest.mark.usefixtures("program_is_there")
@pytest.mark.parametrize(
    ("shell", "on_disk", "in_s3", "why"),
    [
        ({}, False, False, ""),
        ({}, False, True, ""),
        ({}, True, True, ""),
        (
            {},
            True,
            False,
            "those of earlier runs lie there; start anew in another folder: PRATICONNECT_VAR=FOLDER ./dev run",
        ),
        ({"PRATICONNECT_STORAGE": "files"}, False, False, "PRATICONNECT_STORAGE=files"),
        ({"S3_BUCKET": "mine"}, False, True, "S3_BUCKET names a storage of yours"),
    ],
)
def test_where_files_lie_is_decided_by_what_lies_there(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    shell: dict[str, str], on_disk: bool, in_s3: bool, why: str,
) -> None:  # fmt: skip
    (tmp_path / "files" / "documents").mkdir(parents=True)  # an empty folder holds nothing
    if on_disk:
        (tmp_path / "files" / "documents" / "one").write_bytes(b"sealed")
    if in_s3:
        Storage(instance).folder.mkdir()
        Storage(instance).mark.touch()
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    assert storage.why_files(instance, tmp_path / "files") == why


@pytest.mark.usefixtures("program_is_absent")
def test_without_the_program_files_lie_on_disk_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    here = environment.instance("dev", durable=True)
    assert storage.why_files(here, tmp_path / "files") == "the S3 server couldn't be installed"
    assert running.where_files_lie({}) == (
        f"Sealed files lie in {tmp_path / 'files'} (the S3 server couldn't be installed), so that PC-91 and PC-92 aren't measured."
    )


@pytest.mark.parametrize("shell", [{}, {"PRATICONNECT_STORAGE": "files"}])
@pytest.mark.usefixtures("program_is_absent")
def test_objects_in_the_server_are_never_out_of_reach(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: dict[str, str]
) -> None:
    Storage(instance).folder.mkdir()
    Storage(instance).mark.touch()
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    why = "PRATICONNECT_STORAGE=files is set: leave it out" if shell else "its program isn't installed: .* says why"
    with pytest.raises(
        Problem, match=rf"^Sealed files lie in the S3 server under .*/dev/storage, but {why}, or start anew "
    ):
        storage.why_files(instance, tmp_path / "files")


def test_another_word_than_files_is_refused(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_STORAGE", "disk")
    with pytest.raises(Problem, match=r"^PRATICONNECT_STORAGE is 'disk': write files, or leave it out\.$"):
        storage.why_files(instance, NOWHERE)


def test_people_are_told_where_sealed_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    here = running.where_files_lie({"S3_BUCKET": BUCKETS["scaleway"]})
    assert here.endswith(f"a bucket for each carrier: {tmp_path / 'dev' / 'storage'}")
    monkeypatch.setenv("PRATICONNECT_STORAGE", "files")
    assert "(PRATICONNECT_STORAGE=files)" in running.where_files_lie({})
    monkeypatch.setenv("S3_BUCKET", "mine")
    assert running.where_files_lie({"S3_BUCKET": "mine"}) == "Sealed files lie where S3_BUCKET says."


@pytest.mark.usefixtures("program_is_there")
@pytest.mark.parametrize(
    ("name", "objects", "wanted"), [("dev", True, True), ("dev", False, False), ("test", False, False)]
)
def test_only_who_asks_for_objects_gets_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, objects: bool, wanted: bool
) -> None:
    """./dev test and ./dev check don't ask: no server of theirs is started."""
    monkeypatch.setenv("PRATICONNECT_VAR", str(tmp_path))
    asked: list[Instance] = []

    @contextmanager
    def using(here: Instance) -> Iterator[dict[str, str]]:
        asked.append(here)
        yield {}

    monkeypatch.setattr(environment, "using", using)
    with environment.served(name, durable=True, objects=objects):
        pass
    assert [one.storage for one in asked] == [wanted]


@pytest.mark.parametrize(("needed", "again", "tries"), [(False, False, 0), (False, True, 1), (True, False, 1)])
def test_what_could_not_be_installed_is_tried_again_by_a_run_and_by_tests_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: bool, again: bool, tries: int
) -> None:
    tried: list[Path] = []

    def fails(requirements: Path, *_options: str) -> None:
        tried.append(requirements)
        raise Problem("Neither uv nor pip could install storage.txt")

    monkeypatch.setattr(provision, "install_pinned", fails)
    monkeypatch.setattr(provision, "STORAGE", tmp_path / "storage")
    provision.install_storage(needed=False, again=True)
    tried.clear()
    with suppress(Problem) if needed else ExitStack():
        provision.install_storage(needed=needed, again=again)
    assert len(tried) == tries
