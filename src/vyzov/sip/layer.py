"""The transaction layer: finds the transaction a message belongs to, and bounds how many live.

Client transactions are found by branch and method (RFC 3261 §17.1.3), server transactions by
branch, sent-by, Call-ID and CSeq, which also serves peers that send no magic cookie (§17.2.3).

A request too large for a datagram goes by TCP to a peer asked for over UDP (RFC 3261 §18.1.1),
where the owner has connections at all. A peer that takes none gets it by UDP after all, and is
not asked again for `NO_TCP_S`.
"""

from collections.abc import Callable

from vyzov.sip.events import Address, Hop, Transport
from vyzov.sip.message import Message
from vyzov.sip.schedule import Schedule
from vyzov.sip.transaction import (
    ClientTransaction,
    OnResponse,
    Request,
    ServerTransaction,
)

MAX_SERVER_TRANSACTIONS = 50_000
LARGE_BYTES = 1300
"""A request of more bytes is split on its way by networks that do not say how much they take."""
NO_TCP_S = 600.0
MAX_NO_TCP = 1_000

Connection = int | tuple[str, int, Transport, str]
"""A connection by the number of a flow, or by where we have made it to."""
ServerKey = tuple[str, str, int | None, str, int, str]


class TransactionLayer:
    """All transactions of one agent, and the messages they want sent, in order.

    `sent_by` writes transport and place of our Vias, as in `UDP 192.0.2.1:5060`. Large requests
    leave by TCP only where `large_by_tcp`.
    """

    def __init__(self, sent_by: Callable[[Transport], str], *, large_by_tcp: bool = False) -> None:
        self._sent_by = sent_by
        self._large_by_tcp = large_by_tcp
        self._no_tcp: dict[Address, float] = {}
        # Only what goes over connections, so that a lost one costs no look at everything else.
        self._streams: dict[Connection, dict[ClientTransaction | ServerTransaction, None]] = {}
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
        hop, data = self._way(request, target, now)

        def drop() -> None:
            self._leave(transaction, hop)
            # The key may belong to a later transaction by now: a CANCEL sent once more.
            if self._clients.get(key) is transaction:
                del self._clients[key]

        transaction = ClientTransaction(
            request,
            hop,
            self.encode,
            self.send,
            self.schedule,
            on,
            drop,
            instead=target if hop.transport is not target.transport else None,
            data=data,
        )
        self._clients[key] = transaction
        self._enter(transaction, hop)
        transaction.start(now)
        return transaction

    def _way(self, request: Request, target: Hop, now: float) -> tuple[Hop, bytes]:
        """Says how a request really goes, and as what bytes: large ones by TCP.

        A CANCEL goes as its INVITE (RFC 3261 §9.1)."""
        if request.method == "CANCEL":
            invite = self._clients.get((request.branch, "INVITE"))
            if invite is not None:
                return invite.target, self.encode(request, invite.target)
        data = self.encode(request, target)
        if len(data) <= LARGE_BYTES or not self._large_by_tcp or target.transport.reliable:
            return target, data
        if self._no_tcp.get(target.address, now) > now:
            return target, data
        hop = target._replace(transport=Transport.TCP)
        return hop, self.encode(request, hop)

    def connection_lost(self, lost: Hop, reason: str, now: float, *, stood: bool) -> None:
        """Tells the transactions of a connection that it is gone, or never stood."""
        key = lost.flow or lost[:4]
        for transaction in list(self._streams.get(key, ())):
            if isinstance(transaction, ServerTransaction):
                if not stood:
                    transaction.transport_failed()
                continue
            transaction.transport_failed(reason, now, stood=stood)
            if not transaction.target.transport.reliable:
                self._remember_no_tcp(transaction.target.address, now)

    def _remember_no_tcp(self, address: Address, now: float) -> None:
        if len(self._no_tcp) >= MAX_NO_TCP:
            del self._no_tcp[next(iter(self._no_tcp))]
        self._no_tcp[address] = now + NO_TCP_S

    def _enter(self, transaction: ClientTransaction | ServerTransaction, hop: Hop) -> None:
        for key in _connections(hop):
            self._streams.setdefault(key, {})[transaction] = None

    def _leave(self, transaction: ClientTransaction | ServerTransaction, hop: Hop) -> None:
        for key in _connections(hop):
            those = self._streams[key]
            those.pop(transaction, None)
            if not those:
                del self._streams[key]

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
            self._leave(transaction, transaction.target)
            del self._servers[key]

        transaction = ServerTransaction(message, source, self.send, self.schedule, drop)
        self._servers[key] = transaction
        self._enter(transaction, transaction.target)
        return transaction


def _connections(hop: Hop) -> list[Connection]:
    """Names the connections that may carry what goes to a hop: its flow, and one of its own."""
    if not hop.transport.reliable:
        return []
    return [hop.flow, hop[:4]] if hop.flow else [hop[:4]]


def _key(message: Message, method: str) -> ServerKey:
    via = message.via
    host = via.host.lower()
    return (via.branch, host, via.port, message.call_id, message.cseq, method)
