"""The address of delivery links."""

from django.urls import path

from marketplace.delivery.views import deliver

urlpatterns = [path("deliveries/<str:token>", deliver, name="delivery")]
