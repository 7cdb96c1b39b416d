"""The addresses of the pages."""

from django.urls import path, re_path

from marketplace.console import register_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("notices/", views.notices, name="notices"),
    path("log/", views.log, name="log"),
    path("fees/", views.fees, name="fees"),
    path("pricing/", views.pricing, name="pricing"),
    path("certificates/", register_views.certificates, name="certificates"),
    path("certificates/<str:number>.pdf", register_views.certificate_file, name="certificate_file"),
    re_path(r"^certificates/(?P<number>[^/.]+)$", register_views.certificate_named, name="certificate_named"),
    path("certificates/<str:number>/", register_views.certificate, name="certificate"),
    path("objects/<str:prefix>/<str:suffix>/", register_views.registered, name="object"),
]
