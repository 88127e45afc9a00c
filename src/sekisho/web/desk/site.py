"""Addresses of the site with its desk: the public pages as they are, and what is under `/desk`."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from sekisho.web.urls import handler404, handler500
from sekisho.web.urls import urlpatterns as public

__all__ = ["handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *public,
    path("desk", RedirectView.as_view(url="/desk/"), name="desk-slash"),
    path("desk/", include("sekisho.web.desk.urls")),
]
