"""The addresses of the pages."""

from django.urls import path

from marketplace.console import views

urlpatterns = [
    path("", views.home, name="home"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("notices/", views.notices, name="notices"),
    path("log/", views.log, name="log"),
    path("fees/", views.fees, name="fees"),
    path("pricing/", views.pricing, name="pricing"),
]
