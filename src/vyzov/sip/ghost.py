"""What is left of a call nobody waits for: late rings are cancelled, late answers released.

Serves calls given up without a final response, and calls of an earlier run of this agent
(`reap`), whose INVITEs are known only by the names derived from the leg.
"""

from collections.abc import Mapping

from vyzov.sip.auth import Credentials
from vyzov.sip.endpoint import Endpoint
from vyzov.sip.established import Dialogs, EstablishedCall
from vyzov.sip.events import CallEnded, Hop, Side, Stage
from vyzov.sip.evidence import rejection
from vyzov.sip.identity import MAX_INVITES
from vyzov.sip.in_dialog import Talk, acknowledgement
from vyzov.sip.message import Message
from vyzov.sip.outgoing import Plan
from vyzov.sip.schedule import Timers
from vyzov.sip.transaction import GIVE_UP

MEMORY_S = 300.0
"""How long a ghost lives: longer than a network rings a phone nobody picks up."""
MAX_FORKS = 16
MAX_CANCELS = 12


class Ghost:
    """Answers stray responses to the INVITEs of one leg, so that no callee is left in silence.

    A `reporting` ghost tells its end once (`CallRejected` or `CallEnded`); the ghost of a call
    whose end was told already reports late answers as `MessageIgnored` only. `acks` are those of
    answers that were taken: they are repeated, their calls are left alone.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        plan: Plan,
        dialogs: Dialogs,
        ghosts: "Ghosts",
        now: float,
        acks: Mapping[str, tuple[bytes, Hop]] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._plan = plan
        self._dialogs = dialogs
        self._ghosts = ghosts
        self._call_id = plan.identity(endpoint).call_id
        self._acks: dict[str, tuple[bytes, Hop]] = dict(acks or {})
        self._cancels = 0
        self._open_cancels = 0
        self._cancel_taken = False
        self._reporting = False
        self._may_have_talked = False
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._timers.set("gone", now + MEMORY_S)
        ghosts[self._call_id] = self

    def reap(self, now: float) -> None:
        """Cancels every INVITE the call may have sent, and reports how that ended."""
        self._reporting = self._may_have_talked = True
        self._timers.set("give_up", now + GIVE_UP)
        for cseq in range(1, MAX_INVITES + 1):
            self._cancel(cseq, now)

    def cancel(self, cseq: int, now: float) -> None:
        """Gives up an INVITE that rings although its connection is gone."""
        self._cancel(cseq, now)

    def receive(self, response: Message, source: Hop, now: float) -> None:
        """Takes a response no transaction claims; one that is not to our INVITE is ignored."""
        known = self._plan.identity(self._endpoint, response.cseq)
        ours = (
            response.cseq_method == "INVITE"
            and 1 <= response.cseq <= MAX_INVITES
            and response.via.branch == known.branch
            and response.sender.tag == known.from_tag
        )
        if not ours:
            self._endpoint.ignore(self._plan.leg, "stray response", source, now)
        elif response.code < 200:
            if self._endpoint.layer.client(known.branch, "CANCEL") is None:
                self._cancel(response.cseq, now)
        elif response.code < 300:
            self._release(response, source, now)
        else:
            invite = self._plan.invite(self._endpoint, response.cseq)
            layer, target = self._endpoint.layer, self._plan.target
            layer.send(layer.encode(invite.acknowledging(response), target), target)
            if response.code not in (401, 407, 422):
                # Those only say that a later INVITE of the call may be the one that rings.
                self._report_rejection(response, now)

    def is_hung_up_on(self, request: Message, now: float) -> bool:
        """Takes the BYE of a callee who answered an earlier run of this agent; True where it is one.

        It proves that somebody picked up: that is told, once, also after `CallRejected` said that the
        peer knows no such call."""
        own = self._plan.identity(self._endpoint).from_tag
        if request.method != "BYE" or request.recipient.tag != own or not self._may_have_talked:
            return False
        self._may_have_talked = False
        self._stop_reporting()
        self._endpoint.emit(CallEnded(self._plan.leg, now, Side.FAR, "bye"))
        return True

    def _cancel(self, cseq: int, now: float) -> None:
        if self._cancels >= MAX_CANCELS:
            return
        self._cancels += 1
        self._open_cancels += 1
        request = self._plan.invite(self._endpoint, cseq).cancelling()
        self._endpoint.layer.start_client(request, self._plan.target, now, self._on_cancel_response)

    def _on_cancel_response(self, response: Message | None, now: float) -> None:
        if response is not None and response.code < 200:
            return
        self._open_cancels -= 1
        self._cancel_taken |= response is not None and response.code < 300
        if self._open_cancels == 0 and not self._cancel_taken:
            # The peer knows none of the INVITEs: nothing rings.
            self._report_rejection(None, now)

    def _release(self, response: Message, source: Hop, now: float) -> None:
        """Acknowledges a late answer and hangs up at once."""
        tag = response.recipient.tag
        if tag in self._acks:
            self._endpoint.layer.send(*self._acks[tag])
            return
        if len(self._acks) >= MAX_FORKS:
            self._endpoint.ignore(self._plan.leg, "too many answers", source, now)
            return
        plan = self._plan
        dialog = plan.dialog(self._endpoint, response)
        invite = plan.invite(self._endpoint, response.cseq)
        credentials = Credentials(plan.account, self._endpoint.new_token)
        talk = Talk(self._endpoint, dialog, credentials, plan.target)
        self._may_have_talked = False
        self._acks[tag] = acknowledgement(talk, response.cseq, invite)
        self._endpoint.layer.send(*self._acks[tag])
        call = EstablishedCall(talk, plan.leg, self._dialogs, now, quiet=True)
        call.bye(now, "late answer")
        self._endpoint.ignore(plan.leg, "late answer released", source, now)
        if self._stop_reporting():
            self._endpoint.emit(CallEnded(plan.leg, now, Side.US, "reaped"))

    def _report_rejection(self, response: Message | None, now: float) -> None:
        if self._stop_reporting():
            self._endpoint.emit(rejection(self._plan.leg, response, Stage.CANCELLED, (), now))

    def _stop_reporting(self) -> bool:
        reporting, self._reporting = self._reporting, False
        self._timers.stop("give_up")
        return reporting

    def _on_timer(self, name: str, now: float) -> None:
        if name == "give_up":
            self._report_rejection(None, now)
            return
        self._timers.end()
        if self._ghosts.get(self._call_id) is self:
            del self._ghosts[self._call_id]


Ghosts = dict[str, Ghost]
