"""The market's settings in tests: what the shell says of a real installation (its log's store, its keys, its gateway) is not heard.

It is forgotten before the settings are read, for the processes that tests start too; these read the market's own module.
"""

import os
from typing import Final

FOR_TESTS: Final = {
    *("EGRET_VAR", "EGRET_VENV", "EGRET_SETUP_LOCKED"),
    *("EGRET_SHARED", "EGRET_PUBLISHED", "EGRET_LONG_TESTS", "EGRET_TEST_REDIS", "EGRET_TEST_SERVER"),
}
"""Where tests find and leave what they need, and which of them run; DATABASE_URL names the server they use."""
OF_AN_INSTALLATION: Final = ("EGRET_", "STRIPE_", "SECRET_KEY", "REDIS_URL")

for name in [name for name in os.environ if name.startswith(OF_AN_INSTALLATION) and name not in FOR_TESTS]:
    del os.environ[name]
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"

from marketplace.settings import *  # noqa: E402, F403  # after the environment is clean
