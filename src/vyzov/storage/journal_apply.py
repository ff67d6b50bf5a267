"""Gives the database what a journal has and it lacks, each line once.

The mark of a life says which places the database has; it is written in the transaction of the
lines themselves, so that whatever dies on the way, a line is there once or is tried again. Facts of
an epoch that is over go into that epoch's stream, as its late branch.

After a restore journals may be found one by one, and an older one after a newer. What it tells of calls
and of the stop-list is taken in all the same; what later lines have settled since stays as it is.
"""

from collections.abc import Callable, Sequence

from vyzov.dialer import writes as w
from vyzov.dialer.journal import Kept, Life
from vyzov.storage.floor_writes import Transaction, carry_out, values_of
from vyzov.storage.session import Session, Steps, run_steps

LATE = (
    w.Reserve, w.MarkOriginated, w.FinishAttempt, w.AppendFact, w.AddStop, w.AddRecording,
    w.AddDisposition,
)  # fmt: skip
"""What may be written after what came later: it changes nothing that is there already."""


def apply_kept(
    session: Session, new_id: Callable[[], str], life: Life, kept: Sequence[Kept], *,
    restored: bool,
) -> int:  # fmt: skip
    """Writes lines of a life's journal in the open transaction; returns how many were news.

    Where another holder has led the floor since, what is for the holder alone to decide is left to
    it. `restored`: the database was put back to an older copy, so all is written, reservations too,
    without asking for a permission that was given long ago; lines before the mark are written where
    they change nothing that came later, and count."""
    named: dict[str, object] = {"organisation": life.organisation, "floor": life.floor}
    session.hold("lease", named)
    lease = session.run("lease", "lease", named).fetchone()
    mark = session.run("journal", "mark", {**named, "life": life.id}).fetchone()
    known = 0 if mark is None else int(mark["place"])
    news = sorted((one for one in kept if restored or one.place > known), key=lambda one: one.place)
    if not news:
        return 0
    tx = Transaction(
        organisation=life.organisation,
        floor=life.floor,
        epoch=life.epoch,
        stale=not restored and (lease is None or lease["epoch"] != life.epoch),
        shared=session.draw_seqs is not None,
        new_id=new_id,
        restored=restored,
    )
    for one in news:
        # A refused reservation takes with it what stands in its own batch, no more.
        tx.refused.clear()
        if one.place > known:
            run_steps(session.run_all, carry_out(tx, one.writes))
        else:
            for write in one.writes:
                run_steps(session.run_all, _carry_out_late(tx, write))
    run_steps(session.run_all, tx.settle())
    session.run(
        "journal",
        "set_mark",
        {**named, "life": life.id, "epoch": life.epoch, "place": news[-1].place},
    )
    return len(news)


def _carry_out_late(tx: Transaction, write: w.Write) -> Steps[None]:
    if isinstance(write, LATE):
        yield from carry_out(tx, [write])
    elif isinstance(write, w.SetEntry) and write.attempt not in tx.refused:
        [behind] = yield [tx.ask("journal", "entry_is_behind", values_of(write))]
        if behind.rows:
            yield from carry_out(tx, [write])
