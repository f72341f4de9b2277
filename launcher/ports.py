"""Ports of this machine: which were chosen, whether one can be had, whether somebody answers there."""

from __future__ import annotations

import os
import socket

from launcher.console import Problem


def chosen(name: str, default: int, *, most: int = 65535) -> int:
    """The port in the environment variable ``name``. Raises Problem for what is no port."""
    port = os.environ.get(name) or str(default)
    if not port.isdigit() or not 0 < int(port) <= most:
        raise Problem(f"{name} is {port!r}: write a number from 1 to {most}.")
    return int(port)


def refuse_taken(host: str, port: int, remedy: str) -> None:
    """Raises Problem, which ends with ``remedy``, if something else listens there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise Problem(f"Port {port} of {host} can't be used ({error.strerror}); {remedy}") from None


def answers(port: int) -> bool:
    """True if somebody on this machine takes a connection there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
