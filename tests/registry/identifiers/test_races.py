"""Pushing and minting at once: real transactions, each on its own connection."""

import threading

from django.db import connection

from registry.base.ids import uuid7
from registry.identifiers.models import IdentifierValue, Series
from registry.identifiers.selectors import resolve
from registry.identifiers.services import mint, values_push
from registry.identifiers.values import STATUS
from tests.support.resolver import named


def test_pushes_at_once_each_get_a_version_of_their_own(committed_db):
    handle = named()
    start = threading.Barrier(8, timeout=60)

    def push(number):
        start.wait()
        values_push(handle=handle, values={STATUS: {"n": number}}, event=uuid7())
        connection.close()

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = list(IdentifierValue.objects.filter(index=STATUS.index).order_by("version").values_list("version", flat=True))
    assert versions == list(range(1, 10))


def test_series_given_at_once_get_numbers_of_their_own(committed_db):
    start = threading.Barrier(6, timeout=60)
    given = []

    def give(number):
        start.wait()
        given.append(mint(subject_type=f"Thing{number % 3}", subject_id=uuid7()))
        connection.close()

    threads = [threading.Thread(target=give, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({resolve(handle).handle for handle in given}) == 6
    assert sorted(Series.objects.values_list("pk", flat=True)) == [1, 2, 3]
    connection.close()
