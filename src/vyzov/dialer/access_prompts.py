"""Hands out an organisation's own prompts to those who may hear or change them."""

from collections.abc import Mapping, Sequence

from vyzov.core.campaign import CampaignSettings, CampaignState
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import is_word
from vyzov.dialer.access_history import HistoryDoor, found
from vyzov.dialer.orders import LANGUAGES
from vyzov.dialer.prompt_records import NewPromptFile, PromptRecord
from vyzov.dialer.rights import Action

OVER = (CampaignState.COMPLETED.value, CampaignState.ARCHIVED.value)


class PromptDoor(HistoryDoor):
    """The part of `access.Door` about prompts."""

    def prompts(self) -> Sequence[PromptRecord]:
        """Gives the organisation's own prompts."""
        self.person.must(Action.PROMPT_SEE)
        return self._office.prompts(self._own)

    def prompt(self, prompt_id: str) -> PromptRecord:
        """Gives one prompt."""
        self.person.must(Action.PROMPT_SEE)
        return found(self._office.prompt(self._own, prompt_id), "prompt")

    def may_name_prompt(self, name: str, language: str) -> None:
        """Raises unless the person may bring a prompt of that name and language."""
        self.person.must(Action.PROMPT_EDIT)
        faults: list[Fault] = []
        if not is_word(name):
            said = "must be a name of small letters, digits and underscores"
            faults.append(Fault("name", said, "name"))
        if language not in LANGUAGES:
            faults.append(Fault("language", f"must be one of {', '.join(LANGUAGES)}", "choice"))
        if faults:
            raise InvalidRequest.of("The prompt", faults)

    def save_prompt(self, new: NewPromptFile, *, replace: bool) -> PromptRecord:
        """Keeps a prompt, in place of the one there is only where that is wanted."""
        self.may_name_prompt(new.name, new.language)
        return self._office.save_prompt(self._own, new, by=self.person.user, replace=replace)

    def delete_prompt(self, prompt_id: str) -> None:
        """Removes a prompt that no campaign plays."""
        self.person.must(Action.PROMPT_EDIT)
        found(self._office.delete_prompt(self._own, prompt_id), "prompt")

    def prompts_played(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Maps names of prompts to id and name of the campaigns that say them and are not over."""
        self.person.must(Action.PROMPT_SEE)
        found: dict[str, list[tuple[str, str]]] = {}
        for one in self._office.campaigns(self._own, None):
            if one.state in OVER:
                continue
            settings = CampaignSettings.from_json(one.settings)
            said = settings.flow.prompts() if settings.flow else frozenset[str]()
            for name in said | {settings.safe_harbour_prompt}:
                found.setdefault(name, []).append((one.id, one.name))
        return found

    def prompt_path(self, name: str, language: str) -> str:
        """Names what the engine would look for, for this organisation's calls."""
        self.person.must(Action.PROMPT_SEE)
        return f"{self._own}/{language}/{name}"
