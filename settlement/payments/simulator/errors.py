"""Gives the simulator's refusals the shape of Stripe's, so that the SDK raises what it would raise for Stripe."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than 200. `param` names the parameter at fault; `extra` joins the error object (a declined payment, say)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        """The error object as Stripe writes it, with the word simulator in its text."""
        error: dict[str, Any] = {"type": self.kind, "message": f"[simulator] {self.message}", **self.extra}
        if self.code:
            error["code"] = self.code
        if self.param:
            error["param"] = self.param
        return {"error": error}


def missing(object_id: str, *, param: str = "id") -> ApiError:
    """404 for an object that this account does not have."""
    return ApiError(f"No such object: '{object_id}'", status=404, code="resource_missing", param=param)
