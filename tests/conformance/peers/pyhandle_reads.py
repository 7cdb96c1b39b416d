"""Lets pyhandle resolve against a server: a JSON job on standard input, what pyhandle made of each question on standard output."""

import json
import sys

from pyhandle.clientcredentials import PIDClientCredentials  # type: ignore[import-not-found]  # only in the peer's own environment
from pyhandle.handleclient import PyHandleClient  # type: ignore[import-not-found]
from pyhandle.handleexceptions import GenericHandleError, HandleNotFoundException, HandleSyntaxError  # type: ignore[import-not-found]

job = json.load(sys.stdin)
reader = PyHandleClient("rest").instantiate_for_read_access(handle_server_url=job["url"], HTTPS_verify=False)


def said(call):
    """What a call returned, or the name of pyhandle's own error."""
    try:
        return call()
    except (GenericHandleError, HandleNotFoundException, HandleSyntaxError) as error:
        return type(error).__name__


answers = {
    "records": [said(lambda handle=handle: reader.retrieve_handle_record_json(handle)) for handle in job["handles"]],
    "flat": [said(lambda handle=handle: reader.retrieve_handle_record(handle)) for handle in job["handles"]],
    "fresh": [said(lambda handle=handle: reader.retrieve_handle_record_json(handle, auth=True)) for handle in job["handles"]],
    "values": [said(lambda pair=pair: reader.get_value_from_handle(*pair)) for pair in job["values"]],
    "indexes": [said(lambda pair=pair: reader.retrieve_handle_record_json(pair[0], indices=pair[1])) for pair in job["indexes"]],
    "types": [said(lambda pair=pair: reader.retrieve_handle_record_json(pair[0], type=pair[1])) for pair in job["types"]],
}
if job["write"]:
    owner = PIDClientCredentials(
        client="rest", handle_server_url=job["url"], username=f"100:{job['write']}", password="guess", HTTPS_verify=False
    )
    writer = PyHandleClient("rest").instantiate_with_credentials(owner)
    answers["written"] = [
        said(lambda: writer.register_handle(job["write"], location="https://evil.example", overwrite=True)),
        said(lambda: writer.modify_handle_value(job["write"], URL="https://evil.example")),
        said(lambda: writer.delete_handle(job["write"])),
    ]
json.dump(answers, sys.stdout)
