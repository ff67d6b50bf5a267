"""The product's own law on the floor of the bench: `vyzov.core.pacing`, told and asked as by a dialer."""

from collections.abc import Sequence

from pacing_laws import Blind
from pacing_place import Law, View

from vyzov.core.pacing.ahead import Scene, dial_ahead
from vyzov.core.pacing.turns import MOST_BEFORE
from vyzov.core.pacing.watch import AheadPolicy, Regulation, Watch


class Product(Blind):
    """Dials ahead as the product does; `shares` of the operators its answers count on are others' too."""

    at_events = True

    def __init__(
        self, *, calm: bool = True, veto: bool = False, wait_s: float = 2.0, share: float = 1.0
    ) -> None:
        policy = AheadPolicy(regulation=Regulation(wait_s=wait_s), calm=calm, veto=veto)
        self.watch = Watch(policy, 0.0)
        self.share = share
        self.others: tuple[tuple[Watch, float], ...] = ()
        # Straight to the watch: a day has a million of these.
        self.dialled = self.watch.dialled
        self.answered = self.watch.answered
        self.not_answered = self.watch.not_answered
        self.served = self.watch.served
        self.abandoned = self.watch.abandoned
        self.talked = self.watch.talked
        self.wrapped = self.watch.wrapped

    def beside(self, others: Sequence[Law]) -> None:
        """Takes into account what other campaigns have ringing for the same operators."""
        self.others = tuple((one.watch, 1.0) for one in others if isinstance(one, Product))

    def dials(self, view: View) -> int:
        """Returns how many calls to place."""
        talks, wraps = view.ages()
        scene = Scene(
            free=view.free, waiting=view.waiting, talk_ages=talks, wrap_ages=wraps,
            agents=view.agents, others=self.others, has_left=view.has_left,
            yields=view.before > MOST_BEFORE,
        )  # fmt: skip
        return dial_ahead(self.watch, scene, view.at).count
