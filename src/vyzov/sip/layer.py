"""The transaction layer: finds the transaction a message belongs to, and bounds how many live.

Client transactions are found by branch and method (RFC 3261 §17.1.3), server transactions by
branch, sent-by, Call-ID and CSeq, which also serves peers that send no magic cookie (§17.2.3).
"""

from vyzov.sip.events import Address
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
    """All transactions of one agent, and the datagrams they want sent, in order."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._outgoing: list[tuple[bytes, Address]] = []

    def send(self, data: bytes, target: Address) -> None:
        """Queues one datagram."""
        self._outgoing.append((data, target))

    def drain(self) -> list[tuple[bytes, Address]]:
        """Returns and empties the queue."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def start_client(
        self, request: Request, branch: str, target: Address, now: float, on: OnResponse
    ) -> ClientTransaction:
        """Sends a request in a transaction of its own."""
        key = (branch, request.method)

        def drop() -> None:
            # The key may belong to a later transaction by now: a CANCEL sent once more.
            if self._clients.get(key) is transaction:
                del self._clients[key]

        transaction = ClientTransaction(request, target, self.send, self.schedule, on, drop)
        self._clients[key] = transaction
        transaction.start(now)
        return transaction

    def client(self, branch: str, method: str) -> ClientTransaction | None:
        """Returns the living client transaction of a branch and method."""
        return self._clients.get((branch, method))

    def server(self, message: Message, method: str) -> ServerTransaction | None:
        """Returns the living server transaction a message belongs to as `method`."""
        return self._servers.get(_key(message, method))

    def start_server(self, message: Message, source: Address) -> ServerTransaction | None:
        """Opens a server transaction; None where too many live already."""
        if len(self._servers) >= MAX_SERVER_TRANSACTIONS:
            return None
        key = _key(message, message.method)

        def drop() -> None:
            del self._servers[key]

        transaction = ServerTransaction(message, source, self.send, self.schedule, drop)
        self._servers[key] = transaction
        return transaction


def _key(message: Message, method: str) -> ServerKey:
    via = message.via
    host = via.host.lower()
    return (via.branch, host, via.port, message.call_id, message.cseq, method)
