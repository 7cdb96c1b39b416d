"""The log's files as objects of a bucket, for whoever keeps them in an object store: whole, durable, never altered once written.

The store must answer a read with what was last written, as S3 itself and its common likenesses do. Needs the extra ``s3``.
"""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from registry.base.storage import AT_ONCE, DurableStorage, together
from registry.log.tiles import FILE_BYTES_MAX, cache_control, content_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.files import File

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
TRIES: Final = 3
"""How often a request is made before its failure is one of the log's: the store asks for it by answering 500 or 503 under load."""


class StoreFailed(OSError):
    """The object store refused or did not answer; carries its own words. Nothing is published until it does."""


class ObjectStorage(DurableStorage, S3Storage):  # type: ignore[misc]  # published without types
    """Objects below a prefix of one bucket; one request writes one object, so that nobody ever sees a part of it."""

    def __init__(self, *, addressing_style: str = "auto", **settings: Any) -> None:
        """See ``S3Storage``; the options that the log relies on are fixed."""
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            max_pool_connections=AT_ONCE,
            s3={"addressing_style": addressing_style},
            # the signature covers the bytes already; many likenesses of S3 know no further checksums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(**settings, client_config=config, file_overwrite=True, gzip=False)

    @cached_property
    def client(self) -> Any:
        """One client for all threads, which it allows; the connections of ``S3Storage`` are one for each thread."""
        return self.connection.meta.client

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        """The type of a file, and how long others may keep it: a checkpoint for seconds, all else for ever."""
        return {"ContentType": content_type(name), "CacheControl": cache_control(name)}

    def create_all(self, contents: Mapping[str, bytes]) -> frozenset[str]:
        """Write the objects whose names are free, several at a time.

        Raises:
            StoreFailed: the store did not take one of them.
        """
        free = together(lambda each: self._create(*each), list(contents.items()))
        return frozenset(name for name, was_free in zip(contents, free, strict=True) if not was_free)

    def _create(self, name: str, content: bytes) -> bool:
        """Write one object unless its name is taken; a store that knows no conditions is asked before."""
        if self._answer(self.client.head_object, name) is not None:
            return False
        return self._answer(self.client.put_object, name, Body=content, IfNoneMatch="*", **self.get_object_parameters(name)) is not None

    def exists(self, name: str) -> bool:
        """Whether there is such an object.

        Raises:
            StoreFailed: the store did not say.
        """
        return self._answer(self.client.head_object, name) is not None

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Folders and files in a folder.

        Raises:
            StoreFailed: the store did not say.
        """
        try:
            folders, files = super().listdir(name)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(name, error) from error
        return folders, files

    def delete(self, name: str) -> None:
        """Remove an object; none is no error.

        Raises:
            StoreFailed: the store did not.
        """
        self._answer(self.client.delete_object, name)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:  # noqa: ARG002 the signature is Django's
        answer = self._answer(self.client.get_object, name)
        if answer is None:
            raise FileNotFoundError(name)
        try:
            whole = answer["ContentLength"] <= FILE_BYTES_MAX  # only then is it read to its end, and its length compared
            return ContentFile(answer["Body"].read(None if whole else FILE_BYTES_MAX + 1), name)
        except BotoCoreError as error:
            raise self._failed(name, error) from error

    def _save(self, name: str, content: File[Any]) -> str:
        body = b"".join(content.chunks())
        self._answer(self.client.put_object, name, Body=body, **self.get_object_parameters(name))
        return str(clean_name(name))

    def _answer(self, request: Any, name: str, **options: Any) -> dict[str, Any] | None:
        """The answer to a request about an object; None if there is no such object, or if there must be none and is one."""
        try:
            answer: dict[str, Any] = request(Bucket=self.bucket_name, Key=self._normalize_name(clean_name(name)), **options)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            missing = status == HTTPStatus.NOT_FOUND and error.response["Error"]["Code"] in {"404", "NoSuchKey"}
            if missing or ("IfNoneMatch" in options and status == HTTPStatus.PRECONDITION_FAILED):
                return None
            raise self._failed(name, error) from error
        except BotoCoreError as error:
            raise self._failed(name, error) from error
        return answer

    def _failed(self, name: str, error: Exception) -> StoreFailed:
        return StoreFailed(f"{self.endpoint_url or 's3'}/{self.bucket_name}: {name}: {error}")
