"""Google's sign-in and calendar, as far as an app sees its own calendar: a sign-in page, tokens, events by id, channels."""

import base64
import hashlib
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

from fakes import pages
from fakes.provider import FORM, Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

SCOPE: Final = "https://www.googleapis.com/auth/calendar.app.created"
OAUTH: Final = "oauth2.googleapis.com"
API: Final = "www.googleapis.com"
CALENDAR: Final = "/calendar/v3/calendars/{calendar}"
ASKED: Final = {
    "response_type": "code", "scope": SCOPE, "code_challenge_method": "S256", "access_type": "offline", "prompt": "consent",
    "include_granted_scopes": "false",
}  # fmt: skip
HOUR: Final = timedelta(hours=1)
REASONS: Final = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "duplicate",
    410: "fullSyncRequired",
}


class Google(Provider):
    """One Google account with the calendars that the app made in it."""

    key = "google"
    title = "Google Calendar"
    hosts = ("accounts.google.com", OAUTH, API)
    home = "calendar"
    page_size = 250

    def fresh(self) -> None:
        """Nobody signed in, no calendar."""
        self.codes: dict[str, dict[str, str]] = {}
        self.access: dict[str, tuple[str, datetime]] = {}
        self.refresh: set[str] = set()
        self.calendars: dict[str, dict[str, dict[str, Any]]] = {}
        self.log: list[tuple[str, str]] = []
        self.oldest = 0
        self.channels: dict[str, dict[str, Any]] = {}
        self.numbered = 0

    def authorise(self, asked: Asked, route: Route) -> None:
        """A bearer token that counts still."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        refresh, until = self.access.get(token, ("", self.now))
        if refresh not in self.refresh or until <= self.now:
            raise Wrong("auth", 401, "Invalid Credentials")

    def refuse(self, wrong: Wrong) -> Reply:
        """OAuth's shape for what has a code of its own, else the calendar's."""
        if wrong.code:
            return in_json(wrong.status, {"error": wrong.code, "error_description": wrong.words})
        status = 400 if wrong.status in (415, 422) else wrong.status
        reason = {"domain": "global", "reason": REASONS.get(status, "invalid"), "message": wrong.words}
        return in_json(status, {"error": {"code": status, "message": wrong.words, "errors": [reason]}})

    @page("GET", "/sign-in")
    def sign_in(self, asked: Asked) -> Reply:
        """What is asked for, and the two answers."""
        query = dict(asked.query)
        wrong = [name for name, value in ASKED.items() if query.get(name) != value]
        wrong += [name for name in ("state", "code_challenge", "redirect_uri") if not query.get(name)]
        if query.get("client_id") != self.made_up("GOOGLE_CLIENT_ID") or wrong:
            return pages.page(
                "Access blocked", pages.words(f"Error 400: invalid_request: {', '.join(wrong)}"), status=400
            )
        hidden = {name: query[name] for name in ("state", "code_challenge", "redirect_uri")}
        return pages.page(
            "PratiConnect wants access to your Google Account",
            pages.words("Make secondary Google calendars, and see, create, change, and delete events on them."),
            pages.form("/google/sign-in", "Allow", {**hidden, "answer": "yes"}),
            pages.form("/google/sign-in", "Cancel", {**hidden, "answer": "no"}),
        )

    @page("POST", "/sign-in")
    def signed_in(self, asked: Asked) -> Reply:
        """Back to the app, with a code or with a no."""
        said = asked.form()
        if missing := [name for name in ("state", "code_challenge", "redirect_uri") if not said.get(name)]:
            raise Wrong("refused", 400, f"missing: {', '.join(missing)}")
        if said.get("answer") != "yes":
            return see_other(f"{said['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': said['state']})}")
        code = self.grant(said["code_challenge"], said["redirect_uri"])
        return see_other(f"{said['redirect_uri']}?{urlencode({'code': code, 'state': said['state'], 'scope': SCOPE})}")

    def grant(self, challenge: str, back: str, scope: str = SCOPE) -> str:
        """A code, as the page gives it."""
        code = f"4/code-{self._number()}"
        self.codes[code] = {"challenge": challenge, "back": back, "scope": scope}
        return code

    @api("POST", "/token", takes=FORM, host=OAUTH, open=True)
    def token(self, asked: Asked) -> Reply:
        """Tokens for a code with its verifier, once; or for a refresh token."""
        said = asked.form()
        if [said.get("client_id"), said.get("client_secret")] != [self.made_up(f"GOOGLE_CLIENT_{what}") for what in ("ID", "SECRET")]:  # fmt: skip
            raise Wrong("auth", 401, "Unauthorized", "invalid_client")
        if said.get("grant_type") == "refresh_token":
            refresh = said.get("refresh_token", "")
            if refresh not in self.refresh:
                raise Wrong("refused", 400, "Token has been expired or revoked.", "invalid_grant")
            return in_json(200, self._access_for(refresh))
        known = self.codes.pop(said.get("code", ""), None)
        if known is None or said.get("redirect_uri") != known["back"] or _challenge(said.get("code_verifier", "")) != known["challenge"]:  # fmt: skip
            raise Wrong("refused", 400, "Bad Request", "invalid_grant")
        refresh = f"1//refresh-{self._number()}"
        self.refresh.add(refresh)
        return in_json(200, {**self._access_for(refresh), "refresh_token": refresh, "scope": known["scope"]})

    @api("POST", "/revoke", takes=FORM, host=OAUTH, open=True)
    def revoke(self, asked: Asked) -> Reply:
        """Nothing of this link counts any more."""
        token = asked.form().get("token", "")
        refresh = self.access.get(token, (token, self.now))[0]
        if refresh not in self.refresh:
            raise Wrong("refused", 400, "Token expired or revoked", "invalid_token")
        self.refresh.remove(refresh)
        return in_json(200, {})

    @api("POST", "/calendar/v3/calendars", body="calendar", host=API)
    def make(self, asked: Asked) -> Reply:
        """A calendar of the app's own."""
        calendar = f"c_{self._number()}@group.calendar.google.com"
        self.calendars[calendar] = {}
        return in_json(200, {"kind": "calendar#calendar", "id": calendar, **asked.json()})

    @api("POST", f"{CALENDAR}/events", body="event", host=API)
    def insert(self, asked: Asked) -> Reply:
        """An event under the app's id, which may never have been used."""
        events, said = self._of(asked), asked.json()
        if said["id"] in events:
            raise Wrong("conflict", 409, "The requested identifier already exists.")
        return self._written(asked, {**said, "status": "confirmed"})

    @api("PUT", f"{CALENDAR}/events/{{event}}", body="whole_event", host=API)
    def update(self, asked: Asked) -> Reply:
        """The whole event anew; a deleted one comes back."""
        if asked.params["event"] not in self._of(asked) or asked.json()["id"] != asked.params["event"]:
            raise Wrong("missing", 404, "Not Found")
        return self._written(asked, asked.json())

    @api("PATCH", f"{CALENDAR}/events/{{event}}", body="hours", host=API)
    def patch(self, asked: Asked) -> Reply:
        """Other hours."""
        return self._written(asked, {**self._event(asked), **asked.json()})

    @api("DELETE", f"{CALENDAR}/events/{{event}}", host=API)
    def delete(self, asked: Asked) -> Reply:
        """It stays as cancelled, as at Google."""
        self._written(asked, {**self._event(asked), "status": "cancelled"})
        return Reply(204)

    @api("GET", f"{CALENDAR}/events", query=("syncToken", "pageToken", "maxResults", "showDeleted"), host=API)
    def listed(self, asked: Asked) -> Reply:
        """Everything, or what changed since a token; page by page."""
        events, since = self._of(asked), asked.query.get("syncToken", "")
        if since and int(since.removeprefix("sync-")) < self.oldest:
            raise Wrong("refused", 410, "Sync token is no longer valid, a full sync is required.")
        begin = int(since.removeprefix("sync-")) if since else 0
        changed = dict.fromkeys(event for calendar, event in self.log[begin:] if calendar == asked.params["calendar"])
        names = list(changed if since else events)
        size, at = min(int(asked.query.get("maxResults", 250)), self.page_size), int(asked.query.get("pageToken", "0"))
        more = (
            {"nextPageToken": str(at + size)} if at + size < len(names) else {"nextSyncToken": f"sync-{len(self.log)}"}
        )
        return in_json(
            200, {"kind": "calendar#events", "items": [events[name] for name in names[at : at + size]], **more}
        )

    @api("POST", f"{CALENDAR}/events/watch", body="watch", host=API)
    def watch(self, asked: Asked) -> Reply:
        """A channel of notices, and its first."""
        said = asked.json()
        self._of(asked)
        if said["id"] in self.channels:
            raise Wrong("refused", 400, "Channel id not unique")
        until = self.now + timedelta(seconds=int(said["params"]["ttl"]))
        channel = {
            **said,
            "resourceId": f"res-{self._number()}",
            "calendar": asked.params["calendar"],
            "until": until,
            "count": 0,
        }
        self.channels[said["id"]] = channel
        self._notice(channel, "sync")
        return in_json(200, {"kind": "api#channel", "id": said["id"], "resourceId": channel["resourceId"], "expiration": str(int(until.timestamp() * 1000))})  # fmt: skip

    @api("POST", "/calendar/v3/channels/stop", body="stop", host=API)
    def stop(self, asked: Asked) -> Reply:
        """No more notices."""
        said = asked.json()
        if self.channels.get(said["id"], {}).get("resourceId") != said["resourceId"]:
            raise Wrong("missing", 404, "Channel not found")
        del self.channels[said["id"]]
        return Reply(204)

    @page("GET", "/calendar")
    def shown(self, asked: Asked) -> Reply:
        """What stands in the calendar, and a way to change it by hand."""
        rows = [
            (*map(escape, (one["start"]["dateTime"], one["end"]["dateTime"], one["summary"])),
             pages.form("/google/remove", "Delete", {"calendar": name, "event": one["id"]}))
            for name, events in self.calendars.items() for one in events.values() if one["status"] != "cancelled"
        ]  # fmt: skip
        return pages.page(
            "Google Calendar", pages.words(f"{len(self.refresh)} app(s) with access."),
            pages.table(["From", "To", "Title", ""], sorted(rows), "No event."),
            pages.form("/google/take-back", "Take the access back"),
        )  # fmt: skip

    @page("POST", "/remove")
    def removed(self, asked: Asked) -> Reply:
        """Somebody deletes an event by hand."""
        calendar, event = (asked.form().get(name, "") for name in ("calendar", "event"))
        if event not in self.calendars.get(calendar, {}):
            raise Wrong("missing", 404, "no such event")
        self.by_hand(calendar, event, status="cancelled")
        return see_other("/google/calendar")

    @page("POST", "/take-back")
    def taken_back(self, asked: Asked) -> Reply:
        """Somebody takes every app's access back in their Google account."""
        self.refresh.clear()
        return see_other("/google/calendar")

    def by_hand(self, calendar: str, event: str, **fields: Any) -> None:
        """Somebody changes an event in Google's own page."""
        self._keep(calendar, {**self.calendars[calendar][event], **fields})

    def forget(self) -> None:
        """Sync tokens given so far count no more."""
        self.oldest = len(self.log) + 1
        self.log.append(("", ""))

    def _of(self, asked: Asked) -> dict[str, dict[str, Any]]:
        if asked.params["calendar"] not in self.calendars:
            raise Wrong("missing", 404, "Not Found")
        return self.calendars[asked.params["calendar"]]

    def _event(self, asked: Asked) -> dict[str, Any]:
        found = self._of(asked).get(asked.params["event"])
        if found is None:
            raise Wrong("missing", 404, "Not Found")
        if found["status"] == "cancelled":
            raise Wrong("refused", 410, "Resource has been deleted")
        return found

    def _written(self, asked: Asked, event: dict[str, Any]) -> Reply:
        if event["start"]["dateTime"] >= event["end"]["dateTime"]:
            raise Wrong("refused", 400, "The specified time range is empty.")
        self._keep(asked.params["calendar"], event)
        return in_json(200, {"kind": "calendar#event", **event})

    def _keep(self, calendar: str, event: dict[str, Any]) -> None:
        self.calendars[calendar][event["id"]] = event
        self.log.append((calendar, event["id"]))
        for channel in self.channels.values():
            if channel["calendar"] == calendar and channel["until"] > self.now:
                self._notice(channel, "exists")

    def _notice(self, channel: dict[str, Any], state: str) -> None:
        """Google's headers, and an empty body."""
        channel["count"] += 1
        headers = {
            "X-Goog-Channel-ID": channel["id"], "X-Goog-Message-Number": str(channel["count"]),
            "X-Goog-Resource-ID": channel["resourceId"], "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": f"https://{API}/calendar/v3/calendars/{channel['calendar']}/events?alt=json",
            "X-Goog-Channel-Token": channel["token"], "Content-Type": "application/json; utf-8",
        }  # fmt: skip
        self.notify("/hooks/google/", b"", headers)

    def _access_for(self, refresh: str) -> dict[str, Any]:
        access = f"ya29.{self._number()}"
        self.access[access] = (refresh, self.now + HOUR)
        return {"access_token": access, "expires_in": 3599, "token_type": "Bearer", "scope": SCOPE}

    def _number(self) -> int:
        self.numbered += 1
        return self.numbered


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
