"""The addresses of what verifiers of certificates read."""

from django.urls import path, re_path

from registry.certificates import did as names
from registry.certificates import views
from registry.certificates.statements import CONTEXT_PATH, PURPOSES

_NUMBER = r"(?P<number>EGR-\d{6}-\d{4})"
_LIST = rf"(?P<purpose>{'|'.join(PURPOSES)})/(?P<number>[1-9]\d{{0,9}})"

urlpatterns = [
    path(names.PATH, views.did, name="did"),
    path(CONTEXT_PATH, views.context, name="certificate-context"),
    re_path(rf"^certificates/{_NUMBER}\.json$", views.credential, name="certificate-credential"),
    re_path(rf"^certificates/{_NUMBER}\.sm2\.json$", views.sm2, name="certificate-sm2"),
    re_path(rf"^certificates/status/{_LIST}$", views.status_list, name="status-list"),
    path("rights/<uuid:grant_id>/evidence.zip", views.evidence, name="right_evidence"),
]
