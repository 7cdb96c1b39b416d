"""Where the gateway's messages arrive."""

from django.urls import path

from settlement.payments.views import stripe_webhook

urlpatterns = [path("webhooks/stripe", stripe_webhook, name="stripe_webhook")]
