"""A process that holds the embedded server until its standard input ends, so that a test can end it in every way."""

import sys

import psycopg

from registry.base.embedded import acquire

with acquire() as server, psycopg.connect(server.url) as connection:
    postmaster = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    sys.stdout.write(f"{str(postmaster[0]).splitlines()[0]} {server.url}\n" if postmaster else "\n")
    sys.stdout.flush()
    connection.close()
    sys.stdin.read()
