"""The application behind the small door: POST /decisions, what people decide about, and whether it is well.

    POST /decisions   Authorization: Bearer KEY · Idempotency-Key: any text of yours, one for each request
                      {"person": "shop:customer:42", "method": "preferences", "language": "ja",
                       "decisions": [{"purpose": "news", "decision": "give", "text": "<SHA-256 of the words shown>"}]}
    200               it is durable; {"person": …, "facts": [first, last], "position": …, "again": false}
    ?wait=yes         answered when every store that answers obeys it, at the latest after five seconds

Errors are problem documents (RFC 9457). Nothing of a request is logged.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sekisho.app.door import CLASH, Door, Taken
from sekisho.app.door import Request as Asked
from sekisho.consent.book import Choices, check
from sekisho.consent.facts import Decision
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, SekishoError
from sekisho.hot.commit import GroupCommit
from sekisho.hot.wait import Positions

LARGEST = 64 * 1024
"""Bytes a request: more purposes than there are, with room to spare."""


class OneBody(msgspec.Struct, forbid_unknown_fields=True):
    """A decision about one purpose, and the digest of the words that were shown."""

    purpose: str
    decision: Decision
    text: str = ""


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """What one person decided at once."""

    person: str
    decisions: list[OneBody]
    method: str
    language: str = ""
    by: str = "self"


class Answer(msgspec.Struct, omit_defaults=True):
    """What became of it; `person` is an id that may stand for the place in later requests."""

    person: str
    facts: tuple[int, int]
    position: int
    again: bool
    obeyed: list[str] | None = None
    waiting: list[str] | None = None


_decode = msgspec.json.Decoder(Body).decode
_encode = msgspec.json.Encoder().encode


class Problem(Exception):
    """what is answered where something is wrong."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail

    def response(self) -> Response:
        """Return the problem document."""
        content = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(self.status)
        return Response(_encode(content), self.status, headers, "application/problem+json")


def make(door: Door, clock: Callable[[], datetime] = stamp.now) -> ASGIApp:
    """Return the ASGI application of a folder."""
    hot = Hot(door, clock)
    rest = Starlette(
        routes=[
            Route("/decisions", hot.decide, methods=["POST"]),
            Route("/purposes", hot.purposes, methods=["GET"]),
            Route("/healthz", hot.healthz, methods=["GET"]),
        ],
        lifespan=hot.lifespan,
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # the one busy way goes past routes and middleware, which would take a fifth of its time
        if scope["type"] == "http" and scope["path"] == "/decisions" and scope["method"] == "POST":
            response = await hot.decide(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return application


class Hot:
    """The routes and what they share."""

    def __init__(self, door: Door, clock: Callable[[], datetime]) -> None:
        self._door, self._clock = door, clock
        self._commits: GroupCommit[Asked, Taken] = GroupCommit(door.take)
        self._positions = Positions(door.positions)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Commit and look around while the server runs."""
        commits = asyncio.create_task(self._commits.run())
        others = [asyncio.create_task(work()) for work in (self._positions.run, self._look)]
        try:
            yield
        finally:
            self._commits.stop()
            for task in others:
                task.cancel()
            await asyncio.gather(commits, *others, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            try:
                await asyncio.to_thread(self._door.look)
            except Exception as error:  # noqa: BLE001 - were this to end, keys that were taken away would open for ever
                sys.stderr.write(f"door: {type(error).__name__}; looking again\n")

    async def decide(self, request: Request) -> Response:
        """Take what one person decided; answered when it is durable."""
        try:
            answer = await self._decided(request)
        except Problem as problem:
            return problem.response()
        except BadInput as error:
            return Problem(422, str(error), error.help).response()
        except SekishoError as error:
            return Problem(503, str(error), error.help).response()
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(_encode(answer), media_type="application/json")

    async def _decided(self, request: Request) -> Answer:
        # to its end also where it is refused: a server that leaves a body unread closes the connection
        raw = await _whole(request)
        client, key = self._who(request), request.headers.get("idempotency-key", "")
        if not key:
            raise Problem(400, "there is no idempotency key", "send one for each request: `Idempotency-Key: …`")
        choices = self._choices(raw, key)
        taken = await self._commits.put((client, choices))
        if taken.trouble:
            raise Problem(409 if taken.trouble == CLASH else 422, taken.trouble)
        answer = Answer(taken.person, (taken.first, taken.last), taken.position, taken.again)
        if request.scope["query_string"] and request.query_params.get("wait"):
            answer.obeyed, answer.waiting = await self._positions.reached(taken.position, self._door.stores)
        return answer

    def _who(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        client = self._door.client(key.strip()) if scheme.lower() == "bearer" else None
        if client is None:
            raise Problem(401, "this key opens nothing", "`sekisho consent client add` makes one")
        return client

    def _choices(self, raw: bytes, key: str) -> Choices:
        try:
            body = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(400, "this is not what a request looks like", str(error)) from error
        shown = self._door.shown
        language = body.language or shown.original
        choices = Choices(
            self._person(body.person),
            tuple(shown.choose(d.purpose, d.decision, language, d.text) for d in body.decisions),
            shown.version,
            language,
            body.method,
            self._clock(),
            body.by,
            key,
        )
        check(choices)
        return choices

    def _person(self, text: str) -> tuple[str, str, str] | str:
        parts = text.split(":", 2)
        if len(parts) == 1:
            return text
        classes = self._door.classes.get(parts[0])
        if len(parts) != 3 or classes is None or parts[1] not in classes:
            raise BadInput("there is no such store, or no such class in it", help="write store:class:key")
        return (parts[0], parts[1], parts[2])

    async def purposes(self, request: Request) -> Response:
        """Say what people decide about, in which words, and the digest by which a request names them."""
        try:
            self._who(request)
        except Problem as problem:
            return problem.response()
        shown = self._door.shown
        found = [
            {"purpose": purpose, "language": language, "words": shown.words[purpose, language], "text": digest}
            for (purpose, language), digest in shown.texts.items()
        ]
        return Response(_encode({"version": shown.version, "purposes": found}), media_type="application/json")

    async def healthz(self, request: Request) -> Response:
        """Say that the process answers and its books do."""
        try:
            await asyncio.to_thread(self._door.positions)
        except SekishoError as error:
            return Problem(503, str(error), error.help).response()
        return Response(b'{"ok":true}', media_type="application/json")


async def _whole(request: Request) -> bytes:
    """Return the body; more than is allowed is not read to its end."""
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > LARGEST:
            raise Problem(413, "this request is too large", f"{LARGEST} bytes are the most")
    return found
