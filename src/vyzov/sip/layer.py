"""The transaction layer: finds the transaction a message belongs to, and bounds how many live.

Client transactions are found by branch and method (RFC 3261 §17.1.3), server transactions by
branch, sent-by, Call-ID and CSeq, which also serves peers that send no magic cookie (§17.2.3).
"""

from collections.abc import Callable

from vyzov.sip.events import Hop, Transport
from vyzov.sip.message import Message
from vyzov.sip.schedule import Schedule
from vyzov.sip.transaction import (
    ClientTransaction,
    OnResponse,
    Request,
    ServerTransaction,
)

MAX_SERVER_TRANSACTIONS = 50_000

ServerKey = tuple[str, str, int | None, str, int, str]


class TransactionLayer:
    """All transactions of one agent, and the messages they want sent, in order.

    `sent_by` writes transport and place of our Vias, as in `UDP 192.0.2.1:5060`.
    """

    def __init__(self, sent_by: Callable[[Transport], str]) -> None:
        self._sent_by = sent_by
        self.schedule = Schedule()
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._outgoing: list[tuple[bytes, Hop]] = []

    def encode(self, request: Request, target: Hop) -> bytes:
        """Writes a request as it leaves for a hop."""
        return request.encode(self._sent_by(target.transport))

    def send(self, data: bytes, target: Hop) -> None:
        """Queues one message."""
        self._outgoing.append((data, target))

    def drain(self) -> list[tuple[bytes, Hop]]:
        """Returns and empties the queue."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def start_client(
        self, request: Request, target: Hop, now: float, on: OnResponse
    ) -> ClientTransaction:
        """Sends a request in a transaction of its own."""
        key = (request.branch, request.method)

        def drop() -> None:
            # The key may belong to a later transaction by now: a CANCEL sent once more.
            if self._clients.get(key) is transaction:
                del self._clients[key]

        transaction = ClientTransaction(
            request, target, self.encode, self.send, self.schedule, on, drop
        )
        self._clients[key] = transaction
        transaction.start(now)
        return transaction

    def connection_lost(self, lost: Hop, now: float) -> None:
        """Tells every transaction of a connection that it is gone or cannot be made."""
        for client in [one for one in self._clients.values() if _same(one.target, lost)]:
            client.transport_failed(now)
        for server in self._servers.values():
            if _same(server.target, lost):
                server.transport_failed()

    def client(self, branch: str, method: str) -> ClientTransaction | None:
        """Returns the living client transaction of a branch and method."""
        return self._clients.get((branch, method))

    def server(self, message: Message, method: str) -> ServerTransaction | None:
        """Returns the living server transaction a message belongs to as `method`."""
        return self._servers.get(_key(message, method))

    def start_server(self, message: Message, source: Hop) -> ServerTransaction | None:
        """Opens a server transaction; None where too many live already."""
        if len(self._servers) >= MAX_SERVER_TRANSACTIONS:
            return None
        key = _key(message, message.method)

        def drop() -> None:
            del self._servers[key]

        transaction = ServerTransaction(message, source, self.send, self.schedule, drop)
        self._servers[key] = transaction
        return transaction


def _same(hop: Hop, lost: Hop) -> bool:
    """Tells whether what goes to `hop` went over the connection `lost`."""
    if lost.flow:
        return hop.flow == lost.flow
    return hop[:4] == lost[:4]


def _key(message: Message, method: str) -> ServerKey:
    via = message.via
    host = via.host.lower()
    return (via.branch, host, via.port, message.call_id, message.cseq, method)
