#!/usr/bin/env python
"""The command line of this project, so that every command finds its settings."""

import os
import sys

from marketplace.management.command_line import main

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    main(sys.argv)
