"""Act two: files are uploaded and measured, products made, plans picked, listings screened."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from marketplace.demo.client.api import Api, DemoFailed, wait_for
from marketplace.demo.client.people import Organisation, digest

JOB: Final = "query Job($id: ID!) { node(id: $id) { ... on Job { id state done total result errorCode } } }"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One listed product of the demo: its object, listing, and its offers by plan name."""

    object_id: str
    listing_id: str
    offers: dict[str, str]


def upload(api: Api, content: bytes, media_type: str = "text/csv") -> tuple[str, str]:
    """Stage, send and register a file; returns the asset's id and its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    staged = api.mutate("assetStage", "asset { id } uploadUrl", mediaType=media_type, size=str(len(content)))
    api.put(staged["uploadUrl"], content)
    asset = api.mutate("assetRegister", "asset { id state sha256 }", assetId=staged["asset"]["id"], sha256=sha256)["asset"]
    return asset["id"], sha256


def start_profile(api: Api, asset_id: str) -> str:
    """Start measuring a file; returns the job's id."""
    return str(api.mutate("profileStart", "job { id }", assetId=asset_id)["job"]["id"])


def take_sample(api: Api, asset_id: str, rows: int = 5) -> str:
    """Have a few rows taken that everybody may see; returns the sample's id."""
    await_job(api, str(api.mutate("sampleStart", "job { id }", assetId=asset_id, method="SPREAD", rows=rows)["job"]["id"]))
    asset = api.query("query S($id: ID!) { node(id: $id) { ... on Asset { samples { id } } } }", id=asset_id)["node"]
    return str(asset["samples"][0]["id"])


def await_job(api: Api, job_id: str) -> dict[str, Any]:
    """Wait for a job and return its result."""

    def ended() -> Any:
        job = api.query(JOB, id=job_id)["node"]
        return job if job["state"] not in {"QUEUED", "RUNNING"} else None

    job: dict[str, Any] = wait_for(f"job {job_id}", ended)
    if job["state"] != "SUCCEEDED":
        message = f"job {job_id} ended {job['state']}: {job['errorCode']}"
        raise DemoFailed(message)
    return job


def pick_plan(owner: Organisation, name_zh: str, name_en: str, model: str, params: dict[str, Any]) -> str:
    """The owner picks a pricing model and fills its form."""
    made = owner.api.mutate("planCreate", "plan { id }", nameZh=name_zh, nameEn=name_en, modelKey=model, params=json.dumps(params))
    return str(made["plan"]["id"])


def state_source(owner: Organisation, object_id: str, statement: str) -> None:
    """State where the data comes from, before listing."""
    owner.api.mutate(
        "sourceStatementFile", "sourceStatement { id }", objectId=object_id, statement=statement, evidenceSha256=digest(statement)
    )
