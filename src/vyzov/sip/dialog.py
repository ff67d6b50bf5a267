"""A dialog: the peers' tags, route set, remote target and sequence numbers (RFC 3261 §12)."""

import json
from dataclasses import asdict, dataclass

from vyzov.sip.events import Address


@dataclass(frozen=True, slots=True)
class DialogState:
    """What another run of the agent needs to end an answered call: JSON by `to_json`."""

    remote_tag: str
    remote_target: str
    route_set: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    peer: Address

    def to_json(self) -> str:
        """Writes the state as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "DialogState":
        """Reads what `to_json` wrote; raises ValueError where it is something else."""
        try:
            value = json.loads(text)
            host, port = value["peer"]
            return cls(
                remote_tag=str(value["remote_tag"]),
                remote_target=str(value["remote_target"]),
                route_set=tuple(str(route) for route in value["route_set"]),
                local_cseq=int(value["local_cseq"]),
                remote_cseq=int(value["remote_cseq"]),
                peer=(str(host), int(port)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"not a saved dialog ({error!r}): save it again with to_json"
            ) from None
