"""When Python's collector of cycles comes: as a safety net, in steps a listener does not hear.

Calls are freed by reference counting: what is over lets go of what it held (`sip.schedule`,
`bridge`), and tests hold that no kind of call leaves a cycle. What still does is a browser's
connection, once per sign-in of an agent, and whatever nobody has thought of.
"""

import gc

COLLECT_AT = (5_000, 5, 12)
"""New objects before the young are looked at; how often they are before the middle-aged are, and
those before everything is: a full collection for every 390 000 objects that came and did not go.

While the collector looks, no sound is sent. Measured on a small server of two cores: 0.2 us an
object where the machine is quiet, 0.6 us (now and then 1.4) with three times as much work as cores.
A call that is up has 115 objects, one that is over 50 for its half minute of repetitions. So the
young cost 1 ms, the middle-aged 6 ms at most, and five hundred calls in a full collection 15 ms,
less than the five frames of 20 ms the clock makes up for. 1500 calls brought 18 collections of the
young, 2 of the middle-aged and no full one, and none of them found anything. Where calls come and
go by the hundred each second a full one meets all that are over, 90 ms for 3000 of them, and every
one of these looks is in vain: three of them were 8 % of what 3000 calls cost, hence their rarity.
Should each call leave its hundred objects behind, as all once did, a full one would come every 3400
calls; what gathers in between is about 60 MB.
"""


FEW_LEGS = 200
"""Legs, living and kept, beside which a full collection takes 5 ms, and 15 on a busy machine."""


def settle() -> None:
    """Takes what lives as long as the process out of the collector's way; call it once, started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)


def sweep(legs: int) -> None:
    """Collects everything while there are few legs: what browsers leave behind does not gather.

    Does nothing before `settle`: a process that is more than an engine has too much to look at."""
    if legs <= FEW_LEGS and gc.get_freeze_count():
        gc.collect()
