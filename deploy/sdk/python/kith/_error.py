"""What a failed call says of its failure, in types."""
import dataclasses
from typing import Dict, List, Optional, Type, TypeVar

import grpc
from google.protobuf import any_pb2, symbol_database
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

M = TypeVar("M", bound=Message)


@dataclasses.dataclass
class Error:
    """An error as the server tells it. The enums `…Error` in the protos say what each reason means and what to do."""

    code: grpc.StatusCode
    message: str
    #: "CONTACT_NOT_FOUND"; empty where the server has told none: of a connection that broke, for one.
    reason: str = ""
    #: "kith.contacts.v1": the package that has the reason.
    domain: str = ""
    metadata: Dict[str, str] = dataclasses.field(default_factory=dict)
    #: Messages of google.rpc and of Kith: BadRequest, RetryInfo …
    details: List[Message] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        """A line for people. What it is made of is in the fields, and repr() has all of them."""
        told = f"{self.code.name}: {self.message}"
        return f"{told} [{self.reason}]" if self.reason else told

    @classmethod
    def of(cls, failure: grpc.RpcError) -> "Error":
        error = cls(failure.code(), failure.details() or "")
        error.details = _unpacked(packed_details(failure))
        info = error.detail(error_details_pb2.ErrorInfo)
        if info is not None:
            error.reason, error.domain, error.metadata = info.reason, info.domain, dict(info.metadata)
        return error

    def detail(self, kind: Type[M]) -> Optional[M]:
        """The detail of this type, of which there is one at most."""
        return next((detail for detail in self.details if isinstance(detail, kind)), None)


def packed_details(failure: grpc.RpcError) -> List[any_pb2.Any]:
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                break
    return []


def _unpacked(details: List[any_pb2.Any]) -> List[Message]:
    """Those of known types: whoever reads a detail has imported its type."""
    messages = []
    for packed in details:
        try:
            message = symbol_database.Default().GetSymbol(packed.TypeName())()
        except KeyError:
            continue
        if packed.Unpack(message):
            messages.append(message)
    return messages
