"""Hands out scripts, the script of a call in hand, and what was answered, to those who may.

Scripts are the office's, and customers see none; a walk is moved by whoever has the call. A campaign
gets the steps of the script it names here, so that its settings are whole by themselves.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Json as AnyJson
from vyzov.core.script import (
    GoBack,
    GoOn,
    GoTo,
    Move,
    Script,
    begin,
    script_from_json,
    step_of,
    unanswered,
    walk,
)
from vyzov.core.script_check import may_be_used
from vyzov.dialer.access_history import found
from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.office_records import AttemptRecord, Page
from vyzov.dialer.ports import Json
from vyzov.dialer.rights import Action
from vyzov.dialer.scripts import (
    Answered,
    AnswerQuery,
    AnswerRecord,
    AnswerTotals,
    CallScript,
    SavedWalk,
    ScriptRecord,
    ScriptVersion,
)


class MovedMeanwhile(InvalidRequest):
    """Somebody else changed it, or a call was moved on in another window: look again."""

    def __init__(self) -> None:
        super().__init__("It was changed meanwhile.", "Look at it as it is now, then try again.")


class ScriptDoor(KpiDoor):
    """The part of `access.Door` about scripts."""

    def scripts(self, *, archived: bool = False) -> tuple[ScriptRecord, ...]:
        """Gives the scripts in use, or those put away."""
        self.person.must(Action.SCRIPT_SEE)
        return self._office.scripts(self._own, archived=archived)

    def script(self, script_id: str, version: int | None = None) -> ScriptRecord:
        """Gives one script at a version, the latest where none is named."""
        self.person.must(Action.SCRIPT_SEE)
        return found(self._office.script(self._own, script_id, version), "script")

    def script_versions(self, script_id: str) -> tuple[ScriptVersion, ...]:
        """Gives when its versions were saved, and by whom."""
        self.script(script_id)
        return self._office.script_versions(self._own, script_id)

    def script_uses(self) -> Mapping[str, list[tuple[str, str, int]]]:
        """Maps scripts to the campaigns that use them: id, name, version taken."""
        uses: dict[str, list[tuple[str, str, int]]] = {}
        for one in self._office.campaigns(self._own, self._principal):
            origin = one.settings.get("script_from")
            if origin and one.state != "archived":
                uses.setdefault(origin["id"], []).append((one.id, one.name, origin["version"]))
        return uses

    def field_titles(self) -> tuple[str, ...]:
        """Gives the titles of contacts' fields, for scripts to name."""
        self.person.must(Action.SCRIPT_SEE)
        return self._office.field_titles(self._own)

    def create_script(self, name: str, steps: Sequence[AnyJson]) -> ScriptRecord:
        """Keeps a new script; it may be unfinished, its fields may not be wrong."""
        self.person.must(Action.SCRIPT_EDIT)
        return self._office.create_script(self._own, name, _kept(steps), self.person.user)

    def save_script(
        self, script_id: str, *, if_version: int, name: str, steps: Sequence[AnyJson] | None
    ) -> ScriptRecord:
        """Keeps a script's name, and its steps as a new version where they differ."""
        self.person.must(Action.SCRIPT_EDIT)
        before = self.script(script_id)
        saved = self._office.save_script(
            self._own, script_id, if_version=if_version, name=name,
            steps=before.steps if steps is None else _kept(steps), by=self.person.user,
        )  # fmt: skip
        if saved is None:
            raise MovedMeanwhile
        return saved

    def archive_script(self, script_id: str, *, archived: bool) -> ScriptRecord:
        """Puts a script away, or takes it back; campaigns that use it go on."""
        self.person.must(Action.SCRIPT_EDIT)
        kept = self._office.archive_script(self._own, script_id, archived=archived)
        return found(kept, "script")

    def _with_script(self, settings: Json, before: Json | None) -> Json:
        """Returns settings with the steps of the kept script they name.

        Steps changed by hand are the campaign's own from then on; so are those that came with a
        script this installation does not have."""
        origin = settings.get("script_from")
        if not origin:
            return settings
        if before is not None and before.get("script_from") == origin:
            same = before.get("script") == settings.get("script")
            return settings if same else {**settings, "script_from": None}
        kept = self._office.script(self._own, origin["id"], origin["version"])
        if kept is None:
            if before is None and settings.get("script"):
                return {**settings, "script_from": None}
            fault = Fault("script_from", "is no script there is, or no version of it", "gone")
            raise InvalidRequest.of("The campaign", [fault])
        if not may_be_used(script_from_json(kept.steps)):
            fault = Fault("script_from", "has steps that are not finished", "unfinished")
            raise InvalidRequest.of("The campaign", [fault])
        return {**settings, "script": list(kept.steps)}

    # ---- the call in hand -----------------------------------------------------------------------

    def call_script(self, attempt_id: str, *, on_desk: bool) -> CallScript:
        """Gives the script of a call and where the call is in it.

        `on_desk` says that the person's own desk shows the call, which the store may not know yet."""
        attempt, steps = self._script_of(attempt_id, on_desk=on_desk)
        return self._call_script(attempt.id, steps)

    def move_script(
        self, attempt_id: str, turn: int, move: Move, *, on_desk: bool
    ) -> tuple[CallScript, bool]:
        """Moves a call in its script from a turn on; gives it, and whether this move was known.

        Raises `MovedMeanwhile` where the call is no longer at that turn."""
        attempt, steps = self._script_of(attempt_id, on_desk=on_desk)
        saved = self._saved(attempt_id, steps)
        digest = _digest(move)
        if saved.turn == turn + 1 and saved.last_move == digest:
            return self._call_script(attempt.id, steps), True
        if saved.turn != turn:
            raise MovedMeanwhile
        moved = SavedWalk(walk(steps, saved.walk, move), turn + 1, digest)
        if moved.walk == saved.walk:
            return self._call_script(attempt.id, steps), True
        kept = self._office.save_walk(
            self._own, attempt, moved, agent=self.person.user,
            answered=_answered(steps, saved, moved),
        )  # fmt: skip
        if not kept:
            raise MovedMeanwhile
        return self._call_script(attempt.id, steps), False

    def _script_of(self, attempt_id: str, *, on_desk: bool) -> tuple[AttemptRecord, Script]:
        self.person.must(Action.DESK_WORK)
        attempt = (
            found(self._office.attempt(self._own, attempt_id), "attempt")
            if on_desk
            else self.attempt(attempt_id)
        )
        settings = found(
            self._office.campaign_settings(
                self._own, attempt.campaign_id, attempt.campaign_version
            ),
            "campaign",
        )
        return attempt, CampaignSettings.from_json(settings).script

    def _saved(self, attempt_id: str, steps: Script) -> SavedWalk:
        return self._office.saved_walk(self._own, attempt_id) or SavedWalk(begin(steps), 0)

    def _call_script(self, attempt_id: str, steps: Script) -> CallScript:
        saved = self._saved(attempt_id, steps)
        return CallScript(attempt_id, steps, saved, unanswered(steps, saved.walk))

    # ---- the report -----------------------------------------------------------------------------

    def answer_totals(self, query: AnswerQuery) -> AnswerTotals:
        """Counts answers within reach."""
        self.person.must(Action.REPORT_SEE)
        return self._office.answer_totals(self._own, self._narrowed_answers(query))

    def answers(self, query: AnswerQuery, cursor: str | None, limit: int) -> Page[AnswerRecord]:
        """Gives answers within reach, of the latest attempts first."""
        self.person.must(Action.REPORT_SEE)
        return self._office.answers(
            self._own, self._narrowed_answers(query), cursor=cursor, limit=limit
        )

    def _narrowed_answers(self, query: AnswerQuery) -> AnswerQuery:
        return AnswerQuery(
            query.since, query.until, query.campaign_id, self._principal, query.step, query.value
        )


def _kept(steps: Sequence[AnyJson]) -> list[Json]:
    """Returns steps as they are kept: read, and written in the one way there is."""
    return [dict(step.to_json()) for step in script_from_json(steps)]


def _digest(move: Move) -> str:
    match move:
        case GoOn(value):
            told: list[object] = ["next", value]
        case GoTo(step):
            told = ["go", step]
        case GoBack():
            told = ["back"]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _answered(steps: Script, before: SavedWalk, after: SavedWalk) -> Answered | None:
    """Returns the answer that a move gave, None where it gave none."""
    for step_id, answer in after.walk.answers.items():
        step = step_of(steps, step_id)
        if before.walk.answers.get(step_id) != answer and step is not None and step.question:
            return Answered(step_id, step.question.kind, answer, step.question.field)
    return None
