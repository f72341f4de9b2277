"""AssemblyAI's transcripts at its EU endpoint: upload, transcript, notice, deletion. The US host isn't played: nobody may ask it."""

import json
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from fakes import pages
from fakes.provider import Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

GONE: Final = "http://deleted_by_user"
HOST: Final = "api.eu.assemblyai.com"
CDN: Final = f"https://cdn.{HOST.removeprefix('api.')}/upload/"


class AssemblyAI(Provider):
    """A transcript is queued until somebody finishes it: a test by :meth:`finish`, a person on the page."""

    key: ClassVar[str] = "assemblyai"
    title: ClassVar[str] = "AssemblyAI"
    hosts: ClassVar[tuple[str, ...]] = (HOST,)
    home: ClassVar[str] = "transcripts"

    def fresh(self) -> None:
        """``uploads`` by address, ``transcripts`` by id."""
        self.uploads: dict[str, bytes] = {}
        self.transcripts: dict[str, dict[str, Any]] = {}

    def authorise(self, asked: Asked, route: Route) -> None:
        """The key as it is, without a word before it."""
        if asked.headers.get("authorization") != self.made_up("ASSEMBLYAI_API_KEY"):
            raise Wrong("auth", 401, "Authentication error, API token missing/invalid")

    def refuse(self, wrong: Wrong) -> Reply:
        """One sentence."""
        status = 400 if wrong.kind == "schema" else wrong.status
        return in_json(status, {"error": wrong.words})

    @api("POST", "/v2/upload", takes="application/octet-stream")
    def upload(self, asked: Asked) -> Reply:
        """Take the sound."""
        if not asked.body:
            raise Wrong("refused", 422, "Upload is empty")
        url = f"{CDN}{uuid4()}"
        self.uploads[url] = asked.body
        return in_json(200, {"upload_url": url})

    @api("POST", "/v2/transcript", body="transcript")
    def start(self, asked: Asked) -> Reply:
        """Queue it."""
        said = asked.json()
        if said["audio_url"] not in self.uploads:
            raise Wrong("refused", 400, "Download error, unable to download the file")
        if ("webhook_auth_header_name" in said) != ("webhook_auth_header_value" in said):
            raise Wrong("refused", 400, "webhook_auth_header_name and webhook_auth_header_value go together")
        made = {
            **said, "id": str(uuid4()), "status": "queued", "text": None, "error": None, "webhook_auth": "webhook_auth_header_name" in said,
            "created": self.now.replace(tzinfo=None).isoformat(), "speech_model_used": None,
        }  # fmt: skip
        self.transcripts[made["id"]] = made
        return in_json(200, _shown(made))

    @api("GET", "/v2/transcript", query=("limit", "status", "before_id", "after_id"))
    def list(self, asked: Asked) -> Reply:
        """The latest first, without texts."""
        limit = asked.query.get("limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= 200:
            raise Wrong("refused", 400, "limit must be between 1 and 200")
        every = [*self.transcripts.values()]
        if before := asked.query.get("before_id"):
            every = every[: [one["id"] for one in every].index(before)]
        latest = every[::-1][: int(limit)]
        rows = [
            {name: one[name] for name in ("id", "status", "created", "audio_url", "error")}
            | {"resource_url": f"https://{HOST}/v2/transcript/{one['id']}", "completed": None}
            for one in latest
        ]
        return in_json(200, {"page_details": {"limit": int(limit), "result_count": len(rows)}, "transcripts": rows})

    @api("GET", "/v2/transcript/{id}")
    def one(self, asked: Asked) -> Reply:
        """How far it is, with its text."""
        return in_json(200, _shown(self._known(asked)))

    @api("DELETE", "/v2/transcript/{id}")
    def delete(self, asked: Asked) -> Reply:
        """Empty it; the row stays."""
        found = self._known(asked)
        if found["status"] in ("queued", "processing"):
            raise Wrong("refused", 400, "Transcript is still processing and can't be deleted")
        self.uploads.pop(found["audio_url"], None)
        found.update(audio_url=GONE, text="Deleted by user.")
        return in_json(200, _shown(found))

    def finish(self, transcript_id: str, text: str = "Bonjour docteur, j’ai mal au dos.", *, error: str = "") -> None:
        """Have one completed, or failed, and tell the product."""
        with self.lock:
            one = self.transcripts[transcript_id]
            one.update(status="error" if error else "completed", text=None if error else text, error=error or None)
            one["speech_model_used"] = None if error else one.get("speech_models", ["universal"])[0]
            if url := one.get("webhook_url"):
                body = json.dumps({"transcript_id": one["id"], "status": one["status"]}).encode()
                headers = {"Content-Type": "application/json"}
                if name := one.get("webhook_auth_header_name"):
                    headers[name] = one["webhook_auth_header_value"]
                self.notify("/" + url.split("//", 1)[1].partition("/")[2], body, headers)

    @page("GET", "/transcripts")
    def shown(self, asked: Asked) -> Reply:
        """What is kept there, and a button that finishes one."""
        rows = [
            [
                pages.verbatim(one["id"]),
                one["status"] + (" (deleted)" if one["audio_url"] == GONE else ""),
                pages.form(f"/assemblyai/finish/{one['id']}", "Finish") if one["status"] == "queued" else "",
            ]
            for one in self.transcripts.values()
        ]
        return pages.page("Transcripts", pages.table(["Transcript", "State", ""], rows))

    @page("POST", "/finish/{id}")
    def finished(self, asked: Asked) -> Reply:
        """Finish it and go back."""
        self._known(asked)
        self.finish(asked.params["id"])
        return see_other("/assemblyai/transcripts")

    def _known(self, asked: Asked) -> dict[str, Any]:
        try:
            return self.transcripts[str(UUID(asked.params["id"]))]
        except (KeyError, ValueError):
            raise Wrong("missing", 400, "Transcript lookup error, transcript id not found") from None


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "webhook_auth_header_value"}
