"""Shows those who run trunks what the engine's SIP sockets turned away, and lifts bans for them.

The engine decides whom it hears; its last word is kept here to be asked for.
"""

from collections.abc import Callable, Mapping

from vyzov.dialer import ports
from vyzov.dialer.effects import Ask
from vyzov.dialer.scene import Scene

SOURCE_LENGTH_MAX = 64


class ProtectionDesk:
    """Answers asks about the engine's protection."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._last: ports.Protection | None = None
        self.verbs: Mapping[str, Callable[[Ask], None]] = {
            "protection": self._show,
            "unban": self._unban,
        }

    def told(self, protection: ports.Protection | None) -> None:
        """Takes the engine's latest word; None when the engine is out of sight."""
        self._last = protection

    def _show(self, ask: Ask) -> None:
        out, last = self._scene.out, self._last
        if last is None:
            out.reply(ask.ask, engine_up=self._scene.room.engine_up, sources=[])
            return
        out.reply(
            ask.ask,
            engine_up=True,
            taken=last.taken,
            too_many=last.too_many,
            banned=last.banned,
            bans=last.bans,
            connections_refused=last.connections,
            sources=[
                {
                    "source": one.source,
                    "known": one.known,
                    "taken": one.taken,
                    "dropped": one.dropped,
                    "failures": one.failures,
                    "banned_for_s": one.banned_for_s,
                }
                for one in last.sources
            ],
        )

    def _unban(self, ask: Ask) -> None:
        out, source = self._scene.out, str(ask.args.get("source") or "")
        if not source or len(source) > SOURCE_LENGTH_MAX:
            out.refuse(
                ask.ask, "invalid_request", "No address was named.",
                "Name an address of the list of banned ones.",
            )  # fmt: skip
        elif not self._scene.room.engine_up:
            out.refuse(
                ask.ask, "engine_away", "The engine is not running.", "Wait until it is back."
            )
        else:
            out.verb(ports.Unban(source))
            out.reply(ask.ask)
