"""Runs moto's object store on a free port of this machine, and fails or delays requests when told to; says the port, ends with its input.

A POST of JSON to ``/_faults`` sets what the next requests meet:
``{"method": "PUT", "part": "tile/", "status": 500, "seconds": 0, "times": 3}``. A GET of it tells how many of that kind came since.
"""

import json
import os
import sys
import threading
import time

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


class Faulty:
    """The store behind a door that can be told to misbehave."""

    def __init__(self, store):
        self.store, self.lock, self.fault, self.seen = store, threading.Lock(), None, 0

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path == "/_faults":
            return self.told(request)(environ, start_response)
        fault = self.met(request)
        if fault:
            time.sleep(fault["seconds"])
            if fault["status"]:
                request.get_data()  # the answer comes after the bytes, as a store's does
                return Response("<Error><Code>InternalError</Code></Error>", status=fault["status"])(environ, start_response)
        return self.store(environ, start_response)

    def told(self, request):
        with self.lock:
            if request.method == "POST":
                self.fault, self.seen = json.loads(request.get_data()), 0
            return Response(json.dumps({"seen": self.seen}))

    def met(self, request):
        with self.lock:
            fault = self.fault
            if not fault or request.method != fault["method"] or fault["part"] not in request.path:
                return None
            self.seen += 1
            return fault if self.seen <= fault["times"] else None


class Quiet(WSGIRequestHandler):
    """Writes no log, and keeps connections open as a store does."""

    protocol_version = "HTTP/1.1"

    def log(self, *_args):
        """Say nothing."""


server = make_server("127.0.0.1", 0, Faulty(DomainDispatcherApplication(create_backend_app)), threaded=True, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdout.write(f"{server.port}\n")
sys.stdout.flush()
sys.stdin.read()
os._exit(0)
