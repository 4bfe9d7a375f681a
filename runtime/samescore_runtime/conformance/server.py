"""The server under test: requests to it, and what is known of its model."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any
from urllib.parse import quote, urlsplit

from samescore_runtime.errors import InputError

#: Datatype -> bytes of an element; BYTES has none.
WIDTHS: Mapping[str, int] = {
    "BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
    "FP16": 2, "FP32": 4, "FP64": 8, "BF16": 2,
}  # fmt: skip
LENGTH = "Inference-Header-Content-Length"


class ViolationError(Exception):
    """Something that the protocol does not allow; the message says what was found and what is wanted."""


class NotRunError(Exception):
    """A check that cannot be made here; the message says why."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self, what: str) -> Any:
        """The body, which must be JSON.

        Raises:
            ViolationError: it is not.
        """
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except ValueError as error:
            raise ViolationError(f"{what}: the body {self.body[:80]!r} is no JSON; JSON (RFC 8259)") from error

    def good(self, what: str) -> Any:
        """The JSON of an answer that must be 200."""
        if self.status != 200:
            raise ViolationError(f"{what}: status {self.status} with {self.body[:160]!r}; 200")
        return self.json(what)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


@dataclass
class Server:
    """Args:
    url: where ``/v2`` is.
    model: the model to ask; the first of the repository index if None.
    request: a body for ``infer`` that the model accepts; made from the metadata if None.
    """

    url: str
    model: str | None = None
    request: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own.

        Raises:
            InputError: the server cannot be reached, or does not speak HTTP.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(self.url, "no address of a server", "http://HOST:PORT")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        more: dict[str, Any] = {"context": ssl.create_default_context()} if parts.scheme == "https" else {}
        connection = kind(parts.hostname, parts.port, timeout=self.seconds, **more)
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise InputError(self.url, f"no answer ({type(error).__name__})", "a server that speaks HTTP") from error
        finally:
            connection.close()

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A request with a JSON body."""
        return self.ask(
            "POST", path, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})}
        )

    @cached_property
    def extensions(self) -> frozenset[str]:
        """What the server says it can; nothing if it does not say."""
        answer = self.ask("GET", "/v2")
        try:
            found = answer.good("GET /v2").get("extensions", [])
        except (ViolationError, AttributeError):
            return frozenset()
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()

    @cached_property
    def name(self) -> str:
        """The model's name.

        Raises:
            NotRunError: none was given, and the server does not list any.
        """
        if self.model is not None:
            return self.model
        answer = self.post("/v2/repository/index", {})
        try:
            items = answer.good("index")
            return next(str(item["name"]) for item in items if item.get("state", "READY") == "READY")
        except (ViolationError, StopIteration, KeyError, TypeError, AttributeError):
            raise NotRunError("no model was named, and the server lists none; --model NAME") from None

    @cached_property
    def path(self) -> str:
        return f"/v2/models/{quote(self.name)}"

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The model's metadata.

        Raises:
            NotRunError: the server has none; another check says so.
        """
        try:
            found = self.ask("GET", self.path).good("metadata")
        except ViolationError as error:
            raise NotRunError(f"no metadata ({error})") from None
        if not isinstance(found, dict):
            raise NotRunError("metadata that is no object")
        return found

    @cached_property
    def versioned(self) -> str:
        """The path of the highest version that the metadata names.

        Raises:
            NotRunError: it names none.
        """
        versions = self.metadata.get("versions")
        if not versions:
            raise NotRunError("the metadata names no versions")
        return f"{self.path}/versions/{quote(str(versions[-1]))}"

    @cached_property
    def body(self) -> dict[str, Any]:
        """A request that the model accepts.

        Raises:
            NotRunError: the one that was made is refused, so it says nothing of the server.
        """
        if self.request is not None:
            return self.request
        try:
            made = {"inputs": [_zeros(item) for item in self.metadata["inputs"]]}
        except (KeyError, TypeError) as error:
            raise NotRunError(f"metadata that says too little for a request ({error}); --request FILE") from None
        answer = self.post(f"{self.path}/infer", made)
        if answer.status != 200:
            raise NotRunError(f"the model refuses a request of zeros ({answer.body[:120]!r}); --request FILE")
        return made

    @cached_property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of :attr:`body`, by name, in JSON.

        Raises:
            NotRunError: it has none; another check says so.
        """
        try:
            found = self.post(f"{self.path}/infer", self.body).good("infer")["outputs"]
            return {item["name"]: item for item in found}
        except (ViolationError, KeyError, TypeError) as error:
            raise NotRunError(f"no answer in JSON ({error})") from None


def _zeros(item: Mapping[str, Any]) -> dict[str, Any]:
    """An input of one row: zeros, false, or the text ``a``."""
    shape = [1 if size < 0 else size for size in item["shape"]]
    value: Any = {"BYTES": "a", "BOOL": False}.get(item["datatype"], 0)
    return {"name": item["name"], "datatype": item["datatype"], "shape": shape, "data": [value] * prod(shape)}
