"""Where a deal's evidence is downloaded."""

from django.urls import path

from marketplace.deals.views import evidence

urlpatterns = [path("deals/<uuid:deal_id>/evidence.zip", evidence, name="deal_evidence")]
