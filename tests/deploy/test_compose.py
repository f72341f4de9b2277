"""The production shape, as far as it can be checked without a container engine (PC-80, PC-83)."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import reverse

from praticonnect.adapter_settings import CREDENTIALS
from records.importing.reading import MAX_BUNDLE_BYTES
from records.preview import MAX_BYTES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "worker", "codes", "beat", "migrate")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[-?])?([^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEYS?$")
OWN_STORE = set(CREDENTIALS["scaleway"])
OPTIONAL = {"EMAIL_HOST_PASSWORD", *(name for names in CREDENTIALS.values() for name in names)} - OWN_STORE
"""Empty unless filled in: what they are for is off then."""


def environment(service: str) -> dict[str, str]:
    return {name: str(value) for name, value in SERVICES[service].get("environment", {}).items()}


def test_services_are_the_whole_shape() -> None:
    assert set(SERVICES) == {*OURS, "proxy", "database", "keys", "broker", "storage", "bucket"}


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"migrate", "bucket"}))
def test_service_that_stays_has_a_health_check(service: str) -> None:
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("service", OURS)
def test_our_containers_are_closed(service: str) -> None:
    facts = SERVICES[service]
    assert facts["read_only"] is True
    assert facts["cap_drop"] == ["ALL"]
    assert facts["security_opt"] == ["no-new-privileges:true"]


def test_only_the_proxy_has_a_door_to_the_outside() -> None:
    assert [name for name, facts in SERVICES.items() if "ports" in facts] == ["proxy"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("database", "keys", "broker", "storage", "bucket", "beat", "migrate"):
        assert SERVICES[name]["networks"] == ["data"], name


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    found = 0
    for service in SERVICES:
        for name, value in environment(service).items():
            if not SECRET.search(name):
                continue
            found += 1
            assert VARIABLE.fullmatch(value), f"{service}: {name} is written down"
            assert value == f"${{{name}:-}}" or VARIABLE.fullmatch(value)[2] != ":-", f"{service}: {name} has a default"  # type: ignore[index]
            assert value != f"${{{name}:-}}" or name in OPTIONAL, f"{service}: {name} may be missing"
    assert found > 40


def test_credentials_of_each_service_reach_those_who_speak_to_it_and_nobody_else() -> None:
    settings = {"LIVEKIT_RECORDING", "PRATICONNECT_ADAPTERS_OFF", "AWS_S3_BUCKET", "STORAGE_AT_AWS"}
    asked = OPTIONAL - {"EMAIL_HOST_PASSWORD"} | settings
    messages = {*CREDENTIALS["resend"], *CREDENTIALS["bulkgate"], "PRATICONNECT_ADAPTERS_OFF"}
    for service, those in {"web": asked, "worker": asked, "codes": messages}.items():
        given = environment(service)
        assert {name: given.get(name) for name in those} == {name: f"${{{name}:-}}" for name in those}, service
        assert set(given) >= OWN_STORE
        assert asked & set(given) == those
    for service in set(SERVICES) - {"web", "worker", "codes"}:
        assert asked & set(environment(service)) == set(), service
    assert "PRATICONNECT_FAKES" not in (ROOT / "docker-compose.yml").read_text()


def test_addresses_hold_no_written_password_and_name_our_own_services_only() -> None:
    for service in SERVICES:
        for name, value in environment(service).items():
            address = re.fullmatch(
                r"\w+://(?:(?P<user>\w*):(?P<password>[^@]*)@)?(?P<host>[\w.-]+):\d+(?:/\w*)?", value
            )
            if "://" not in value or name == "PRATICONNECT_SITE_URL":
                continue
            assert address, f"{service}: {name} is no address"
            assert address["host"] in SERVICES, f"{service}: {name} names {address['host']}"
            assert not address["password"] or VARIABLE.fullmatch(address["password"]), (
                f"{service}: {name} holds a password"
            )


def test_every_variable_is_in_the_example_and_the_example_holds_no_value() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = {name for name, how, _ in VARIABLE.findall(text) if how != ":-"} - {"SERVER_NAME"} | OPTIONAL
    lines = (ROOT / "docker/env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert required - set(example) == set()
    assert set(example.values()) == {""}


def test_required_variables_say_what_they_are() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    first_uses: dict[str, str] = {}
    for name, how, words in VARIABLE.findall(text):
        if how == ":?":
            first_uses[name] = words
    assert all(words.strip() for words in first_uses.values())
    assert {"PRATICONNECT_MASTER_KEYS", "APP_PASSWORD", "OWNER_PASSWORD", "TLS_KEY"} <= set(first_uses)


def test_the_application_never_logs_in_as_the_owner() -> None:
    for service in ("web", "worker", "codes", "beat"):
        for name in ("DATABASE_URL", "KEYS_DATABASE_URL"):
            assert environment(service)[name].startswith("postgres://praticonnect_login:"), service
    assert environment("migrate")["DATABASE_URL"].startswith("postgres://praticonnect_owner:")


def test_keys_have_a_server_and_a_volume_of_their_own() -> None:
    volumes = {name: {each.split(":")[0] for each in SERVICES[name]["volumes"]} for name in ("database", "keys")}
    assert volumes["database"] & volumes["keys"] == set()
    assert {name for name, facts in COMPOSE["volumes"].items() if facts == {}} == {
        "database",
        "keys",
        "broker",
        "storage",
    }


def test_files_that_are_mounted_or_started_exist() -> None:
    for service, facts in SERVICES.items():
        for volume in facts.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_file(), f"{service}: {source}"
    for name in ("start", "ready", "collect-static"):
        assert (ROOT / "docker" / name).stat().st_mode & 0o111, name


def test_procfile_processes_are_services() -> None:
    names = [line.split(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    assert [SERVICES[name]["command"] for name in names] == [[name] for name in names]


def test_the_fee_reaches_those_who_ask_for_it() -> None:
    assert [name for name in SERVICES if "PRATICONNECT_SUBSCRIPTION_CENTS" in environment(name)] == ["web", "worker"]


def filled(service: str, **given: str) -> dict[str, str]:
    """The environment of a container, with what somebody wrote in their .env, and something of its kind for what is required."""
    key = "k1:" + base64.b64encode(bytes(32)).decode()
    required = {
        "PRATICONNECT_SITE_URL": "https://praticonnect.example.org", "ALLOWED_HOSTS": "praticonnect.example.org",
        "PRATICONNECT_SECRET_KEY": "".join(chr(97 + number % 26) for number in range(50)), "PRATICONNECT_MASTER_KEYS": key,
        "PRATICONNECT_SIGNING_KEYS": key.replace("A", "B", 1), "PRATICONNECT_DPO_EMAIL": "dpo@example.org", **given,
    }  # fmt: skip

    def value(found: re.Match[str]) -> str:
        name, how, word = found.groups()
        return required.get(name, "") or (word if how == ":-" else "word")

    return {name: VARIABLE.sub(value, text) for name, text in environment(service).items()}


@pytest.mark.parametrize(
    ("service", "given", "way"),
    [
        ("web", {"EMAIL_WAY": "resend", "RESEND_API_KEY": "re_1", "RESEND_WEBHOOK_SECRET": "whsec_1"}, "resend"),
        ("beat", {"EMAIL_WAY": "resend", "RESEND_API_KEY": "re_1", "RESEND_WEBHOOK_SECRET": "whsec_1"}, "resend"),
        ("codes", {"EMAIL_HOST": "smtp.resend.com"}, "smtp"),
        ("migrate", {}, "EMAIL_HOST or RESEND_API_KEY is missing: production must be able to send codes"),
    ],
    ids=["web", "beat", "codes", "neither"],
)
def test_each_container_starts_with_either_way_of_mail(service: str, given: dict[str, str], way: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "from praticonnect import settings; print(settings.MAIL_WAY, settings.SUBSCRIPTION_CENTS)"],
        env={"PATH": os.environ["PATH"], **filled(service, **given)},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if given:
        assert (started.stdout, started.stderr) == (f"{way} 3900\n", "")
    else:
        assert started.stderr.splitlines()[-1].endswith(way)


def test_images_are_pinned_to_a_version() -> None:
    for service, facts in SERVICES.items():
        image = facts["image"]
        assert ":" in image, service
        assert not image.endswith(":latest"), service


def proxy_directives() -> dict[str, list[str]]:
    text = re.sub(r"#.*", "", (ROOT / "docker/nginx.conf").read_text())
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^\s*(\w+)\s+([^;{}]+);", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_pc_83_proxy_speaks_current_tls_only() -> None:
    directives = proxy_directives()
    assert directives["ssl_protocols"] == ["TLSv1.2 TLSv1.3"]
    assert directives["ssl_session_tickets"] == ["off"]
    assert directives["ssl_reject_handshake"] == ["on"]
    (ciphers,) = directives["ssl_ciphers"]
    weak = [
        name
        for name in ciphers.split(":")
        if not re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA\d+|CHACHA20-POLY1305)", name)
    ]
    assert weak == []


def test_proxy_believes_no_forwarded_header_and_logs_no_query() -> None:
    directives = proxy_directives()
    assert "X-Forwarded-For $remote_addr" in directives["proxy_set_header"]
    assert "X-Forwarded-Proto https" in directives["proxy_set_header"]
    (log_format,) = directives["log_format"]
    assert re.findall(r"\$\w+", log_format) == [
        "$time_iso8601",
        "$request_method",
        "$shown",
        "$status",
        "$request_time",
    ]


def test_image_installs_by_hash_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r requirements/base.txt" in text
    assert "embedded" not in text
    assert text.rindex("USER praticonnect") > text.rindex("RUN ")


def test_proxy_lets_the_largest_bundle_through_on_the_import_page_only() -> None:
    everywhere, imports = (int(size.removesuffix("m")) * 2**20 for size in proxy_directives()["client_max_body_size"])
    assert everywhere > MAX_BYTES
    assert everywhere < MAX_BUNDLE_BYTES < imports
    text = (ROOT / "docker/nginx.conf").read_text()
    block = text[text.index(f"location = {reverse('records:import')} {{") :]
    assert "client_max_body_size 256m;" in block[: block.index("}")]


def test_keys_in_the_main_database_stop_the_start() -> None:
    same = {"DATABASE_URL": "postgres://a:b@db/one", "KEYS_DATABASE_URL": "postgres://c:d@db/one"}
    started = subprocess.run(
        [sys.executable, "-c", "import praticonnect.settings"],
        env={**os.environ, **same}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.stderr.splitlines()[-1].endswith(
        "KEYS_DATABASE_URL names the main database: the keys need one of their own, or dumps hold them"
    )
