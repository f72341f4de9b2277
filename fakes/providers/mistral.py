"""Mistral AI's chat completions, stateless: it forgets each text as soon as it has answered. It writes nothing of its own."""

import json
import re
from typing import Any, ClassVar

from fakes.provider import Provider, Route, api
from fakes.wire import Asked, Reply, Wrong, in_json


class Mistral(Provider):
    """Repeats the notes under the first heading, as a model does that adds nothing."""

    key: ClassVar[str] = "mistral"
    title: ClassVar[str] = "Mistral AI"
    hosts: ClassVar[tuple[str, ...]] = ("api.mistral.ai",)

    def fresh(self) -> None:
        """``ends`` is the next ``finish_reason``; ``says`` replaces the next content."""
        self.answered = 0
        self.ends = "stop"
        self.says: str | None = None

    def authorise(self, asked: Asked, route: Route) -> None:
        """A bearer key."""
        if asked.headers.get("authorization") != f"Bearer {self.made_up('MISTRAL_API_KEY')}":
            raise Wrong("auth", 401, "Unauthorized")

    def refuse(self, wrong: Wrong) -> Reply:
        """``detail`` for what doesn't fit, ``message`` for the rest."""
        if wrong.kind == "schema":
            return in_json(422, {"detail": [{"loc": ["body"], "msg": wrong.words, "type": "value_error"}]})
        return in_json(wrong.status, {"object": "error", "message": wrong.words, "type": wrong.kind, "code": "1000"})

    @api("POST", "/v1/chat/completions", body="chat")
    def complete(self, asked: Asked) -> Reply:
        """One choice, finished by the model."""
        said = asked.json()
        if said.get("stream"):
            raise Wrong("refused", 400, "this stand-in doesn't stream")
        if (form := said.get("response_format", {})).get("type") == "json_schema" and "json_schema" not in form:
            raise Wrong("schema", 422, "json_schema is missing")
        self.answered += 1
        content = self.says if self.says is not None else self._content(said)
        return in_json(200, {
            "id": f"cmpl-{self.answered}",
            "object": "chat.completion",
            "created": int(self.now.timestamp()),
            "model": said["model"],
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": self.ends}
            ],
            "usage": {"prompt_tokens": 100, "completion_tokens": len(content) // 4, "total_tokens": 100 + len(content) // 4},
        })  # fmt: skip

    def _content(self, said: dict[str, Any]) -> str:
        """The notes of the last message, under the headings of the schema that they name; the rest under the first."""
        notes = said["messages"][-1]["content"]
        schema = said.get("response_format", {}).get("json_schema", {}).get("schema")
        if schema is None:
            return str(notes)
        made = dict.fromkeys(schema["properties"], "")
        heading = next(iter(made))
        for line in notes.splitlines():
            named = re.fullmatch(r"(\w+):", line)
            if named and named[1] in made:
                heading = named[1]
            elif line.strip():
                made[heading] = f"{made[heading]}\n{line}".strip()
        return json.dumps(made, ensure_ascii=False)
