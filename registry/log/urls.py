"""The addresses of the published log, as any tlog-tiles client asks for them below ``log/<id>/``."""

from django.urls import path, re_path

from registry.log.views import checkpoint, tile

_NUMBERED = r"(?:x\d{3}/){0,6}\d{3}(?:\.p/[1-9]\d{0,2})?"

urlpatterns = [
    path("log/<uuid:log_id>/checkpoint", checkpoint, name="log-checkpoint"),
    re_path(rf"^log/(?P<log_id>[0-9a-f-]{{36}})/(?P<file>tile/(?:entries|[0-7])/{_NUMBERED})$", tile, name="log-tile"),
]
