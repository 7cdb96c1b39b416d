"""The databases of a test session: one migrated template, a clone for each worker, and a clone for each test that must really commit."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.base.embedded import acquire
from registry.base.roles import drop_database
from registry.base.scratch import ScratchRun
from registry.base.template import migrated_template

if TYPE_CHECKING:
    from registry.base.embedded import ServerHandle


@dataclass
class Session:
    """What one pytest process holds: the server, this run's databases, and the template that they are copied from."""

    server: ServerHandle
    run: ScratchRun
    template: str
    clones: int = 0

    @classmethod
    def open(cls) -> Session:
        """Start or reach the server, and make the template unless an earlier run left the same one."""
        with contextlib.ExitStack() as undo:
            server = undo.enter_context(acquire())
            run = undo.enter_context(ScratchRun(server.url))
            os.environ["DATABASE_URL"] = server.url  # for the processes that tests start
            session = cls(server, run, migrated_template(run.admin, server.url))
            undo.pop_all()
        return session

    def clone(self) -> str:
        """Copy the template and return the new database's name."""
        self.clones += 1
        part = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{self.clones}"
        self.run.clone(part, template=self.template)
        return self.run.name(part)

    def drop(self, name: str) -> None:
        """Drop a clone."""
        drop_database(self.run.admin, name)

    def close(self) -> None:
        """Drop what is left and let the server go."""
        self.run.close()
        self.server.release()
