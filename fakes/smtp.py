"""A mail server, played: takes letters by SMTP (RFC 5321) into the mailbox. Strict, small, and only for this machine.

EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, VRFY and QUIT, with SIZE and 8BITMIME. No sign-in and no TLS: nothing leaves this machine.
Addresses below ``.invalid`` have no mailbox. What is cut off in the middle was never sent.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any, ClassVar, Final

from fakes.provider import Trouble

LARGEST: Final = 10 * 1024 * 1024
"""Octets of a message."""
LONGEST_COMMAND: Final = 512
LONGEST_LINE: Final = 1000
"""Octets, CR LF among them (RFC 5321, 4.5.3.1)."""
MOST_RECIPIENTS: Final = 100
MOST_MISTAKES: Final = 10
PATH: Final = r"<(?P<path>[^<>@\s]+@[^<>@\s]+)?>(?P<options>(?: [^\s]+)*)"
FROM: Final = re.compile(rf"FROM:{PATH}", re.IGNORECASE)
TO: Final = re.compile(rf"TO:{PATH}", re.IGNORECASE)
ELSEWHERE: Final = frozenset({"STARTTLS", "AUTH", "EXPN", "HELP"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: the envelope, who gets it among that, and what is in it."""

    sender: str
    recipients: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    text: str
    raw: bytes

    def header(self, name: str) -> str:
        """Its first header of a name, in any case of letters; empty without one."""
        return next((value for one, value in self.headers if one.lower() == name), "")


Post = Callable[[Letter], Trouble | None]
"""Takes one letter; says what is to go wrong with its answer, if anything."""


class No(Exception):
    """What a server answers to what it doesn't take."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


class Over(Exception):
    """The conversation ends here, politely or not."""


class Conversation(StreamRequestHandler):
    """One client, from its greeting to its QUIT."""

    post: Post
    ending: Event
    sender: str | None
    recipients: list[str]
    timeout = 60

    def handle(self) -> None:
        """Answer each line; after too many mistakes no more."""
        self.greeted = False
        self._forget()
        with suppress(OSError, Over):  # who hangs up is no news
            self._say(220, "stand-in at your service")
            for _mistake in range(MOST_MISTAKES):
                try:
                    while True:
                        self._obey(self._line())
                except No as no:
                    self._say(no.code, no.words)
            self._say(421, "too many mistakes")

    def _obey(self, line: str) -> None:
        verb, _space, rest = line.partition(" ")
        name = verb.upper()
        if name in ELSEWHERE:
            raise No(502, f"{name} isn't played here")
        if name not in self.COMMANDS:
            raise No(500, "no such command")
        self.COMMANDS[name](self, rest)

    def _hello(self, rest: str, *, extended: bool) -> None:
        if not rest.strip():
            raise No(501, "say who you are")
        self._forget()
        self.greeted = True
        if extended:
            self.wfile.write(f"250-stand-in\r\n250-SIZE {LARGEST}\r\n".encode())
        self._say(250, "8BITMIME" if extended else "stand-in")

    def _mail(self, rest: str) -> None:
        if not self.greeted or self.sender is not None:
            raise No(503, "EHLO comes first" if not self.greeted else "there is a sender already")
        found = _path(FROM, rest)
        for option in found["options"].split():
            _look_at(option)
        self.sender = found["path"] or ""
        self._say(250, "go on")

    def _rcpt(self, rest: str) -> None:
        if self.sender is None:
            raise No(503, "MAIL comes first")
        found = _path(TO, rest)
        if found["options"] or not found["path"]:
            raise No(555 if found["options"] else 501, "an address between angle brackets, and nothing else")
        if found["path"].lower().endswith(".invalid"):
            raise No(550, "no such mailbox")
        if len(self.recipients) == MOST_RECIPIENTS:
            raise No(452, "too many recipients")
        self.recipients.append(found["path"])
        self._say(250, "go on")

    def _data(self, rest: str) -> None:
        if rest:
            raise No(501, "DATA stands alone")
        if not self.recipients:
            raise No(503, "MAIL and RCPT come first")
        self._say(354, "end with a full stop on a line of its own")
        sender, recipients = self.sender or "", tuple(self.recipients)
        try:
            raw = self._message()
        finally:
            self._forget()
        self._answer(self.post(_letter(sender, recipients, raw)))

    def _answer(self, trouble: Trouble | None) -> None:
        if trouble and trouble.delay:
            self.ending.wait(trouble.delay)
        if trouble and trouble.close:
            raise Over
        if trouble and trouble.status is not None:
            raise No(trouble.status, "as it was told")
        self._say(250, "taken")

    def _reset(self, rest: str) -> None:
        self._forget()
        self._say(250, "forgotten")

    def _noop(self, rest: str) -> None:
        self._say(250, "nothing done")

    def _verify(self, rest: str) -> None:
        self._say(252, "send it and see")

    def _quit(self, rest: str) -> None:
        self._say(221, "goodbye")
        raise Over

    COMMANDS: ClassVar[dict[str, Callable[["Conversation", str], None]]] = {
        "EHLO": lambda self, rest: self._hello(rest, extended=True),
        "HELO": lambda self, rest: self._hello(rest, extended=False),
        "MAIL": _mail, "RCPT": _rcpt, "DATA": _data, "RSET": _reset, "NOOP": _noop, "VRFY": _verify, "QUIT": _quit,
    }  # fmt: skip

    def _forget(self) -> None:
        """No letter is begun."""
        self.sender = None
        self.recipients = []

    def _line(self) -> str:
        """One command. Raises :class:`No` for what is no line, :class:`Over` at its end."""
        line = self.rfile.readline(LONGEST_COMMAND + 1)
        if not line:
            raise Over
        if len(line) > LONGEST_COMMAND:
            while not line.endswith(b"\n"):
                if not (line := self.rfile.readline(LONGEST_COMMAND)):
                    raise Over
            raise No(500, f"a line has {LONGEST_COMMAND} octets at most")
        if not line.endswith(b"\r\n") or not line.isascii():
            raise No(500, "lines are ASCII and end with CR LF")
        return line[:-2].decode()

    def _message(self) -> bytes:
        """What follows DATA, read to its end whatever is wrong with it."""
        lines: list[bytes] = []
        size, fresh, wrong = 0, True, None
        while (line := self.rfile.readline(LONGEST_LINE)) != b".\r\n" or not fresh:
            size += len(line)
            if not line or size > 4 * LARGEST:
                raise Over
            if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
                wrong = No(554, f"lines end with CR LF and have {LONGEST_LINE} octets at most")
            if size <= LARGEST:
                lines.append(line[1:] if fresh and line.startswith(b".") else line)
            fresh = line.endswith(b"\n")
        if size > LARGEST:
            raise No(552, f"a message has {LARGEST} octets at most")
        if wrong:
            raise wrong
        return b"".join(lines)

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


def _path(pattern: re.Pattern[str], rest: str) -> dict[str, str]:
    found = pattern.fullmatch(rest)
    if found is None:
        raise No(501, "an address between angle brackets, please")
    return {name: value or "" for name, value in found.groupdict().items()}


def _look_at(option: str) -> None:
    """Raises :class:`No` for an option of MAIL that isn't played, or a letter that says of itself that it is too large."""
    name, _is, value = option.upper().partition("=")
    if name == "SIZE" and value.isdigit():
        if int(value) > LARGEST:
            raise No(552, f"a message has {LARGEST} octets at most")
    elif (name, value) not in (("BODY", "7BIT"), ("BODY", "8BITMIME")):
        raise No(555, f"{name} isn't played here")


def _letter(sender: str, recipients: tuple[str, ...], raw: bytes) -> Letter:
    """The letter. Raises :class:`No` for one without sender or date, or that can't be read."""
    said: Message = message_from_bytes(raw, policy=SMTP)
    if any(len(said.get_all(name, [])) != 1 for name in ("From", "Date")):
        raise No(554, "a message has one From and one Date (RFC 5322, 3.6)")
    parts = {part.get_content_type(): part for part in reversed(list(said.walk()))}
    try:
        text = _text(parts.get("text/plain") or parts.get("text/html"))
    except (LookupError, ValueError) as unreadable:
        raise No(554, "the text of the message can't be read") from unreadable
    return Letter(sender, recipients, tuple((name, str(value)) for name, value in said.items()), text, raw)


def _text(part: Message | None) -> str:
    """The words of a part, none without one. Raises LookupError, ValueError."""
    raw = part.get_payload(decode=True) if part else b""
    charset = (part.get_content_charset() if part else None) or "ascii"
    return raw.decode(charset).replace("\r\n", "\n") if isinstance(raw, bytes) else ""


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no news."""


@contextmanager
def listening(post: Post, port: int = 0) -> Iterator[int]:
    """Letters are taken as long as the block runs; gives the port, a free one for 0."""
    ending = Event()
    kind = type("Here", (Conversation,), {"post": staticmethod(post), "ending": ending})
    with _Server(("127.0.0.1", port), kind) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            ending.set()
            server.shutdown()
            thread.join()
