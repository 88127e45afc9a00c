"""Figures of operation in Prometheus' text format: counts and times, never a handle, never a word from outside.

Labels are names that the company gave (stores) or that stand in closed lists (kinds, states, routes); what a request
brings is no label. Figures of the process begin with it; the others are read where they lie.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from sekisho.app import journal
from sekisho.app.board import Board
from sekisho.app.operation import REASONS, State
from sekisho.ground.errors import SekishoError
from sekisho.policy.coverage import WORST_FIRST
from sekisho.web import look

Next = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Figures(Collector):
    """Reads what stands in books and stores at each look."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; those that cannot be read now are left out."""
        state = look.watch().state()
        yield from _of_service(state)
        try:
            board = look.board()
        except look.Away:
            return
        yield from _of_policy(board)


REGISTRY = CollectorRegistry()
REGISTRY.register(Figures())
REQUESTS = Counter("sekisho_requests", "Requests answered.", ("route", "method", "status"), registry=REGISTRY)
SECONDS = Histogram(
    "sekisho_request_seconds", "How long an answer took.", ("route",), registry=REGISTRY, buckets=BUCKETS
)


def _gauge(name: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


def _of_service(state: State) -> Iterator[Metric]:
    codes = [r.code for r in state.reasons]
    yield GaugeMetricFamily("sekisho_ready", "1 where the service is ready.", value=float(state.ready))
    yield _gauge("sekisho_reason", "What keeps it from being ready.", "code", [(c, codes.count(c)) for c in REASONS])
    if state.word is not None:
        age = (state.at - state.word.at).total_seconds()
        yield GaugeMetricFamily("sekisho_keeper_age_seconds", "Since the keeper was last heard of.", value=age)
    there = [(s.name, s.lease) for s in state.stores if s.lease is not None]
    yield _gauge(
        "sekisho_lease_seconds",
        "Until what needs a yes closes by itself; below zero it is closed.",
        "store",
        [(n, (x.open_until - state.at).total_seconds() if x.open_until else -1.0) for n, x in there],
    )
    if state.head is not None:
        behind = [(n, state.head - x.position) for n, x in there]
        yield _gauge(
            "sekisho_store_behind", "Changes of standing not followed; below zero: lost books.", "store", behind
        )
    waiting = sum(x.waiting for _, x in there)
    depths = [("outbox", waiting), ("messages", state.messages), ("decisions", state.unwitnessed)]
    known = [(queue, depth) for queue, depth in depths if depth is not None]
    yield _gauge("sekisho_waiting", "What waits: for the evidence log, or for the mail server.", "queue", known)


def _of_policy(board: Board) -> Iterator[Metric]:
    yield _gauge("sekisho_entries", "Entries of evidence.", "kind", board.kinds)
    states = [(s.value, board.figures.by_state[s]) for s in WORST_FIRST]
    yield _gauge("sekisho_clauses", "Clauses that promise something, by how they are kept.", "state", states)
    stores = board.stores
    yield _gauge("sekisho_store_answers", "1 where a store answers.", "store", [(s.name, s.answers) for s in stores])
    yield _gauge(
        "sekisho_store_green",
        "1 where it is as applied.",
        "store",
        [(s.name, s.answers and s.check.green) for s in stores],
    )
    yield _gauge("sekisho_store_holes", "Ways past the gate.", "store", [(s.name, len(s.check.holes)) for s in stores])
    unmapped = [(s.name, len(s.check.unmapped)) for s in stores]
    yield _gauge("sekisho_store_unmapped", "Columns and tables no map knows.", "store", unmapped)
    if board.cosigned is not None:
        size = float(board.cosigned.size)
        yield GaugeMetricFamily("sekisho_cosigned_entries", "Entries that an outsider signed for.", value=size)
    if board.audited.sound is not None:
        sound = float(board.audited.sound)
        yield GaugeMetricFamily("sekisho_evidence_sound", "1 where the evidence log verified.", value=sound)


class Measured:
    """Counts and times every request by the name of its route, and tells the journal; nothing else of it is kept."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, and measure."""
        began = time.perf_counter()
        response = self._next(request)
        took = time.perf_counter() - began
        route = _route(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        SECONDS.labels(route).observe(took)
        journal.write("request", route=route, method=method, status=response.status_code, ms=int(took * 1000))
        return response


def _route(request: HttpRequest) -> str:
    """Return the name of the route, which stands in `urls`; what matches none has one name for all."""
    match = request.resolver_match
    if match is not None and match.url_name:
        return match.url_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return figures of operation as Prometheus reads them, to this machine or where the settings open them."""
    if not (look.is_local(request) or _opened()):
        raise Http404("not here")
    answer = HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _opened() -> bool:
    try:
        return look.lookout().workspace().settings.open_metrics
    except SekishoError:
        return False
