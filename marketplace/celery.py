"""Runs the relays on as many machines as wanted: one task for each, woken every second.

Redis carries only the wake-up. The work itself stands in PostgreSQL, so a lost message costs one second and no work.
"""

import os
import sys
from typing import Any, Final

from celery import Celery
from celery.signals import worker_init
from django.utils.module_loading import import_string

from marketplace.relays import RELAYS
from registry.base.environment import WrongEnvironment
from registry.certificates.issuer import require_pin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

from marketplace import settings  # after the module's name is set

EVERY_SECONDS: Final = 1.0
STALE_SECONDS: Final = 5
"""A wake-up that waited longer is dropped: a newer one is behind it."""

app = Celery("egret", broker=settings.REDIS_URL or None)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=45,
    task_time_limit=60,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_channel_error_retry=True,
    # tasks end within 60 s, so a message of a dead worker may come back after 90; kombu would look for it only every 100 s
    broker_transport_options={
        "visibility_timeout": 90,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "health_check_interval": 25,
    },
    beat_schedule_filename=str(settings.VAR / "celerybeat-schedule"),
    beat_schedule={name: {"task": f"relay.{name}", "schedule": EVERY_SECONDS, "options": {"expires": STALE_SECONDS}} for name in RELAYS},
)


def _register(name: str) -> None:
    @app.task(name=f"relay.{name}")  # type: ignore[untyped-decorator]  # celery has no types
    def run_relay() -> Any:
        return import_string(name)()


for _name in RELAYS:
    _register(_name)


@worker_init.connect  # type: ignore[untyped-decorator]  # celery has no types
def _require_pin(**_told: Any) -> None:
    """End a worker whose device refuses the PIN before it has children: each would send the same PIN, and a device locks itself."""
    try:
        require_pin()
    except WrongEnvironment as error:
        sys.exit(str(error))
