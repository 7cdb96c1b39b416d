"""The addresses of this room."""

from django.urls import URLPattern, path

from listings.resources.views import upload

urlpatterns: list[URLPattern] = [path("uploads/<str:token>", upload, name="upload")]
