"""The address of the upload."""

from django.urls import path

from pricing.inputs.views import upload

urlpatterns = [path("pricing-inputs/<str:token>", upload, name="pricing-inputs")]
