"""Addresses of the public pages; each also stands under `/ja/` and `/en/`."""

from __future__ import annotations

from django.urls import path, re_path

from sekisho.web import documents, go, metrics, pages, ready, versions, witness

VERSION = r"(?P<{}>\d{{4}}-\d\d-\d\d)"

urlpatterns = [
    path("", pages.policy, name="policy"),
    path("promises", pages.promises, name="promises"),
    path("data-map", pages.data_map, name="data-map"),
    path("evidence", witness.evidence, name="evidence"),
    path("evidence/key", documents.key, name="key"),
    path("evidence/<int:seq>", witness.entry, name="entry"),
    path("evidence/<int:seq>/receipt.json", witness.receipt, name="receipt"),
    path("checkpoint", documents.checkpoint, name="checkpoint"),
    path("verify", witness.verify, name="verify"),
    path("go/<str:token>", go.go, name="go"),
    path("versions", versions.index, name="versions"),
    path("versions/feed", versions.feed, name="feed"),
    re_path(rf"^versions/{VERSION.format('version')}\Z", versions.one, name="version"),
    re_path(rf"^versions/{VERSION.format('old')}/{VERSION.format('new')}\Z", versions.compare, name="compare"),
    path("notice.json", documents.notice_json, name="notice-json"),
    path("notice.md", documents.notice_markdown, name="notice-markdown"),
    path(".well-known/security.txt", documents.security, name="security"),
    path("healthz", documents.health, name="health"),
    path("readyz", ready.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler404 = "sekisho.web.pages.missing"
handler500 = "sekisho.web.pages.broken"
