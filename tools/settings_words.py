"""What each setting is for, in a sentence; `settings_doc` finds the settings themselves in the code."""

from collections.abc import Mapping

INSTALLATION: Mapping[str, str] = {
    "database": "A file in the data folder, or the address of PostgreSQL 15 or newer: "
    "`postgresql://USER:PASSWORD@HOST:PORT/DATABASE` (`serve --database`, or the variable "
    "`VYZOV_DATABASE`, which goes before the file and keeps the password out of it).",
    "floor": "Name or id of the one floor to run; `main` means every floor that has no owner.",
    "floor_processes": "How many floor processes this machine runs; they share the floors.",
    "web_host": "Address the page listens on (`serve --host`). Beyond this machine, put it behind a "
    "proxy with TLS: browsers give the microphone to https pages and to localhost only.",
    "web_port": "Port of the page (`serve --port`).",
    "sip_host": "Address SIP and RTP listen on. A carrier is reached from an address of the network, "
    "not from 127.0.0.1.",
    "sip_port": "UDP port of SIP (`serve --sip-port`).",
    "sip_tcp_port": "TCP port of SIP; 0 takes the number of `sip_port`, -1 listens for no TCP.",
    "sip_tls_port": "TLS port of SIP, listened on where `tls_certificate` is set; 0 takes the number "
    "after `sip_port`, -1 listens for no TLS.",
    "tls_certificate": "PEM file of this machine's certificate with its chain, for SIP over TLS; phones "
    "check it, and carriers that ask for one are shown it. A name without a folder lies in the data "
    "folder. A renewed file is read by itself.",
    "tls_key": "PEM file of the certificate's key; none: it stands in the same file.",
    "tls_ca": "PEM file of the authorities that carriers' certificates must lead to; none: those of the "
    "system. A carrier's certificate is always checked, with the name of its trunk.",
    "sip_connections_max": "Connections over TCP and TLS taken from phones and carriers at once.",
    "sip_connections_per_source": "Of these, from one address; more phones than that behind one router "
    "need more.",
    "sip_product": "Name in the User-Agent and Server lines of SIP, without a version; empty sends none.",
    "sip_stranger_rate": "SIP messages a second taken from an address nobody here deals with, twice as "
    "many at once. What is more is dropped before it is read.",
    "sip_strangers_rate": "SIP messages a second taken from all such addresses together.",
    "sip_known_rate": "SIP messages a second taken from each carrier and each phone that signed in.",
    "sip_ban_failures": "Failed sign-ins within ten minutes for which an address is not heard for "
    "`sip_ban_s`; 0 bans nobody. Carriers are never banned.",
    "sip_ban_s": "Seconds a ban lasts; `vyzov sip guard --unban` lifts one.",
    "sip_trace_mb": "Megabytes of SIP messages kept for `vyzov sip trace` and the ladder of a call, the "
    "oldest go first; 0 keeps none. Passwords, keys and typed digits are never kept.",
    "sip_trace_numbers": "True keeps telephone numbers whole in these messages; else only their ends.",
    "rtp_first": "First UDP port of sound towards carriers; calls take the even ones.",
    "rtp_last": "Last UDP port of sound towards carriers. Sound of browsers takes free ports of the "
    "system.",
    "advertised_host": "IPv4 address carriers are told, where it differs from `sip_host` (behind NAT, "
    "or with `sip_host` 0.0.0.0).",
    "dns_servers": "Name servers asked for carriers' names, each as `ADDRESS` or `ADDRESS:PORT`; none: "
    "those of the system.",
    "webrtc_hosts": "Addresses browsers are told for their sound; none: all of this machine.",
    "prompt_voice": "Command that speaks a text for a prompt: the text on its standard input, a WAV file "
    "on its standard output; `{language}` in it becomes `ru` or `en`. Started without a shell.",
    "prompt_folders": "Folders searched for prompts before the samples that come with Vyzov, each with "
    "`ru/NAME.wav` and `en/NAME.wav`. Name them in full.",
    "secure_cookie": "True where the page is reached by https alone: the cookie of a session is then "
    "never sent in clear, and browsers are told to insist on https.",
    "trusted_proxies": "Addresses of proxies in front of the page: the caller's address and scheme are "
    "taken from their `X-Forwarded-For` and `X-Forwarded-Proto`; nobody else's are believed.",
    "extra_origins": "Other sites, as `https://HOST`, whose pages may use the session of a browser.",
    "journal_folder": "Folder of the floors' journals, out of which a restored database is brought up "
    "to date: best on another disk. None: `journal` in the data folder.",
    "journal_mb": "Megabytes of journals kept once the database has what is in them, the oldest going "
    "first. What it does not have is always kept.",
    "backlog_batches": "How many batches of a floor may wait for a database that is away. At this bound "
    "the floor ends; its next life begins with the journal.",
    "anchor_minutes": "How often a floor notes in `anchors.jsonl` where its facts stand, so that an end "
    "cut off later shows.",
    "record_inputs_mb": "Megabytes of floors' inputs kept in the folder `replay` for `vyzov replay`, the "
    "oldest lives going first; 0: none. Names, numbers and notes never get into it.",
    "webhook_private": "Lets webhooks lead to private addresses, this machine and plain http. Off: "
    "only to https on the open internet, so that nobody makes Vyzov knock at doors inside the house.",
    "webhook_dead_days": "After how many days without one success a webhook is switched off.",
    "webhook_keep_days": "For how many days events and the log of their deliveries are kept, and may be "
    "told again.",
}

CAMPAIGN: Mapping[str, str] = {
    "mode": "How calls and agents meet. `progressive` places one call for each free agent, `power` "
    "`power_ratio` calls, `predictive` as many as the chance of losing one allows, `agentless` (an "
    "offer with keys) fills the lines; the others do not dial by themselves.",
    "purpose": "What the calls are for. A robot may call for `advertising` and `political` only those "
    "whose consent is on record.",
    "caller_id": "The number people see: E.164 or a service number. They must be able to call it back.",
    "trunks": "Ids of trunks in the order in which they are tried; at least one. A new campaign gets all "
    "that are on.",
    "lines_max": "Calls of this campaign at once.",
    "calls_per_second": "New calls a second.",
    "power_ratio": "Calls on their way for each free operator, in the mode `power`; what "
    "is abandoned is limited by this number alone.",
    "ring_timeout_s": "How long it may ring. Below 15 only with `allow_short_ring`.",
    "allow_short_ring": "Permits a ring shorter than 15 s. *API*",
    "window": "Hours in which people may be called, on their own clock (below).",
    "destinations": "Country prefixes that may be called. *API*",
    "redial": "How often and when somebody is tried again (below).",
    "connect_limit_s": "From the answer (200 OK) to an agent's voice; longer counts as lost.",
    "abandon_limit": "Share of lost calls that `predictive` stays within and the floor shows.",
    "abandon_window_days": "Days the share is counted over. *API*",
    "abandon_rule": "Formula of the share. *API*",
    "abandon_guard": "What `predictive` keeps the limit in: the `day` while people answer "
    "steadily, or every `half_hour`.",
    "abandon_veto": "Nobody may break the limit of the day or of the period through a call of "
    "ours, whoever answers (`predictive`).",
    "classify": "When the answer is listened to: after joining, before it, or never. *API*",
    "classify_limit_s": "Longest listening before joining, with `classify_first`. *API*",
    "flow": "The offer with keys (below); needed for `agentless`. *API*",
    "safe_harbour_prompt": "What people hear whom nobody could take in time. *API*",
    "results": "What an agent can say of a call, on keys 1 to 9 (below). *API*",
    "script": "What the agent says and asks, step by step (below).",
    "script_from": "The kept script these steps were taken from; naming one brings its steps.",
    "wrap_up_s": "Time to write a call up; then the next call may come.",
    "pace_rules": "When the campaign pauses or changes its mode by itself (below); 20 at most.",
    "recording": "Whether talks are recorded, left the customer, right the agent.",
    "agents": "Ids of the people who get this campaign's calls.",
    "priority": "Among campaigns with the same agents a higher one calls first. *API*",
    "weight": "Among those of one priority, its share of the calls.",
    "agent_return_limit_s": "How long a customer waits for an agent whose line broke in the talk. *API*",
    "preview": "How cards before calls are shown (below).",
    "preview.countdown_s": "How long an agent may read a card before it decides by itself.",
    "preview.at_zero": "What it decides: `dial` the marked number, or `skip` the contact.",
    "preview.skips_max": "How many contacts an agent may skip in a day; `0`: none.",
    "preview.skip_wait_s": "After how long a skipped contact is shown again.",
    "listening_shown": "Whether operators see a supervisor who only listens; who speaks is shown. *API*",
    "window.days": "Weekdays, 1 Monday to 7 Sunday.",
    "window.start": "First permitted minute.",
    "window.end": "First forbidden minute; `00:00` is midnight at the day's end.",
    "redial.attempts_max": "Attempts a contact gets in all. A promised call-back is made all the same.",
    "redial.rules": "Outcomes that are tried again.",
    "redial.rules.OUTCOME": "One of the outcomes below.",
    "redial.rules.OUTCOME.after_s": "Wait from the end of the attempt.",
    "flow.start": "Name of the first step.",
    "flow.steps": "All steps by name.",
    "flow.on_machine": "What to do with a machine: hang up, or leave a message.",
    "flow.on_machine.leave": "Prompt to be left.",
    "flow.on_machine.beep_wait_s": "How long its beep is waited for; then the message is said anyway.",
    "flow.steps.*.do": "Kind of the step.",
    "flow.steps.*.prompt": "Prompt said before hanging up, if any.",
    "flow.steps.announce.prompt": "What is said.",
    "flow.steps.announce.keys": "Key to step; keys are `0`-`9`, `*`, `#` and work over the prompt.",
    "flow.steps.announce.keys.KEY": "Name of the step this key leads to.",
    "flow.steps.announce.on_silence": "Step for those who press nothing.",
    "flow.steps.announce.wait_s": "How long a key is waited for after the prompt.",
    "flow.steps.announce.repeats": "How often the prompt is said again before `on_silence`.",
    "flow.steps.connect.prompt": "Played in a loop until an agent is there, if any.",
    "flow.steps.connect.wait_s": "How long an agent is waited for; then the safe-harbour message.",
    "flow.steps.callback.after_s": "When to call back; moved to the first permitted hour.",
    "flow.steps.callback.result": "Code in the report.",
    "flow.steps.suppress.result": "Code in the report.",
    "flow.steps.hang_up.result": "Code in the report, if any.",
    "results[].code": "Name in reports: small letters, digits, `_`; each once.",
    "results[].label": "Its words by language, at least one.",
    "results[].label.LANGUAGE": "`ru` or `en`.",
    "results[].key": "Key on the desk, each once.",
    "results[].group": "Colour and column.",
    "results[].needs": "`callback`: cannot be saved without a time.",
    "results[].closes": "Whether the contact is done.",
    "results[].redial_as": "Where it is not done: the outcome whose wait applies.",
    "results[].hidden": "True: offered no more; calls that have it keep it.",
    "script_from.id": "Its id.",
    "script_from.version": "The version of it; calls keep the one they were made with.",
    "script[].id": "Name of the step, each once.",
    "script[].title": "Title by language.",
    "script[].title.LANGUAGE": "`ru` or `en`.",
    "script[].text": "Words by language; `{{name}}` is a field of the contact.",
    "script[].text.LANGUAGE": "`ru` or `en`.",
    "script[].next": "The step that follows; empty for the one below, `$end` for the end.",
    "script[].objection": "Can be entered from any step, and leads back unless it has a `next`.",
    "script[].question": "What is asked here.",
    "script[].question.kind": "What an answer is.",
    "script[].question.words": "The question by language, beside the words to say.",
    "script[].question.words.LANGUAGE": "`ru` or `en`.",
    "script[].question.required": "Nobody goes on without an answer.",
    "script[].question.field": "The contact's field the answer is written to.",
    "script[].question.options": "Answers to choose: `one`, `several`, and `yes` and `no`.",
    "script[].question.options[].key": "What is kept, and stands in the contact's field.",
    "script[].question.options[].label": "What the agent sees, by language.",
    "script[].question.options[].label.LANGUAGE": "`ru` or `en`.",
    "script[].question.options[].to": "The step it leads to; of `several` the first one that has one.",
    "script[].question.ranges": "Where numbers lead; the first range that fits is taken.",
    "script[].question.ranges[].least": "From this number on, itself included; empty for no bound.",
    "script[].question.ranges[].most": "Up to this number, itself included; empty for no bound.",
    "script[].question.ranges[].to": "The step these numbers lead to.",
    "pace_rules[].when": "The share of the list that is done with; today's share of lost calls, from "
    "20 answers on; seconds for which somebody who answered waits for an agent; answers by calls of "
    "the last 15 minutes, from 20 calls on; or the time of day.",
    "pace_rules[].is": "On which side it has to be; the value itself lies above.",
    "pace_rules[].value": "The share, or the seconds; not for `time_of_day`.",
    "pace_rules[].clock": "The time, for `time_of_day`; above it until midnight.",
    "pace_rules[].zone": "Whose clock that is: a time zone such as `Europe/Moscow`.",
    "pace_rules[].for_s": "For how long; 0 acts at once.",
    "pace_rules[].do": "`switch` only where agents take the answers.",
    "pace_rules[].mode": "The mode to change to, for `switch`.",
}

# Some settings are read as they stand: what they may be, and their default, the reader cannot tell.
NAME, CLOCK = "small letters, digits, `_`", "`HH:MM`"
MAY_BE: Mapping[str, str] = {
    "pace_rules[].clock": CLOCK,
    "pace_rules[].value": "0 to 1; `wait` 0 to 600",
    "window.days": "a list of 1 to 7",
    "window.start": CLOCK,
    "window.end": CLOCK,
    "flow.on_machine": '`"hang_up"` or an object',
    "flow.on_machine.leave": NAME,
    "flow.steps.announce.prompt": NAME,
    "flow.steps.connect.prompt": NAME,
    "flow.steps.callback.prompt": NAME,
    "flow.steps.callback.result": NAME,
    "flow.steps.suppress.prompt": NAME,
    "flow.steps.suppress.result": NAME,
    "flow.steps.hang_up.prompt": NAME,
    "flow.steps.hang_up.result": NAME,
    "results[].redial_as": "an outcome",
}
NEEDED = frozenset({
    "flow.on_machine.leave", "flow.steps.announce.prompt", "pace_rules[].value", "results[].key"
})  # fmt: skip
