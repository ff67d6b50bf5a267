"""What the names of a scenario file are for, and a scenario that uses all of them."""

from collections.abc import Mapping

FULL = """
name = "Everything"
zone = "Europe/Moscow"
begin = 2026-11-23T09:00:00
span_min = 60
seed = 1
ends_when_done = true
in_memory = true
[people.town]
kinds = { answers_and_speaks = 1 }
home_by_hour = { "9-18" = 0.5 }
post_dial = 1
ring = { shape = "lognormal", typical_s = 9, sigma = 0.5, least_s = 1, most_s = 30 }
talk = 60
leaves_first = 0.5
machine_as_human = 0.1
human_as_machine = 0.1
anew_each_call = false
[[crews]]
name = "crew"
count = 1
shifts = [{ from = "09:00", to = "10:00", breaks = [{ from = "09:20", to = "09:30" }] }]
talk = 60
wrap_up = 10
[[trunks]]
name = "carrier"
[[campaigns]]
name = "List"
people = "town"
crews = ["crew"]
trunks = ["carrier"]
zones = { "Europe/Moscow" = 1 }
settings = { purpose = "service" }
"""

HEAD = """
# Scenarios

Made by `tools/scenarios_doc.py` from `src/vyzov/simulation`; do not edit.

A scenario is a TOML file that says what a made-up centre is like: who lives behind the numbers, when
they are at home, who works, through which trunks, which campaigns run, and what breaks. `vyzov
simulate FILE` lets it work in virtual time on the very dialer that dials in earnest, with a database
in memory ([commands](commands.md)). `examples/scenarios` has some to begin with.

All that is wrong with a file is said at once, with its place; a name nobody knows is wrong too.
Names ending in `_s` are seconds, in `_min` minutes; shares are 0 to 1. A *span* is a number of
seconds, or a table that says how it is spread:
`{ shape = "lognormal", typical_s = 60, sigma = 0.8, least_s = 5, most_s = 900 }`. `shape` is `fixed`,
`uniform` (between `least_s` and `most_s`), `exponential` (`typical_s` is its mean), `lognormal`
(`typical_s` is its median, `sigma` that of the logarithm) or `measured` (one of `samples_s`); what is
drawn never leaves `least_s` to `most_s`. Clock times are of the scenario's `zone`; one that has passed
at the beginning means the next day.

Incoming calls are not there yet: Vyzov does not take any, so a scenario has no name for them.
"""

SECTIONS: Mapping[str, str] = {
    "": "## The whole",
    "people/NAME": """
## Who lives there: `[people.NAME]`

Campaigns name such a table in `people`. What is left out is as in the demonstration's town: rings of
1 to 11 seconds, talks of some seconds.
""",
    "crews[]": "## Who works: `[[crews]]`\n\nA crew is a number of operators who work alike.",
    "crews[]/shifts[]": """
### Shifts: `[[crews.shifts]]`

A crew without shifts works from the beginning to the end.
""",
    "trunks[]": """
## Through what: `[[trunks]]`

A scenario that names none has one trunk, `carrier`.
""",
    "campaigns[]": "## What runs: `[[campaigns]]`",
}
"""The tables of the page and what stands above each."""

KINDS = """
## Kinds of callees

`kinds` takes these names. Busy and absent people may have come home at a later attempt. The usual
shares are thick with odd kinds, so that a short run meets each of them: for a forecast give your own.
"""

MANAGER = """
## Who meddles: `[manager]`

Nobody does by themselves. Names ending in `_every_s` are mean seconds between two acts of a kind, 0
for never.
"""

FAULTS = """
## What breaks: `[faults]`

Nothing breaks by itself. Names ending in `_every_s` are mean seconds between two faults of a kind, 0
for never; a pair is the least and the most of a span in seconds. Whatever breaks, the rules of the
dialer are looked at after each step: a run in which one was broken says so and ends with exit code 3.
"""

WORDS: Mapping[str, tuple[str, str, str]] = {
    "name": ("the file's name", "", "What the run is called."),
    "zone": ("UTC", "a time zone such as `Europe/Moscow`", "Zone of all clock times in the file."),
    "begin": (
        "2026-11-23T09:00:00", "a date and time, without quotes",
        "When the run begins, in `zone` unless it says otherwise.",
    ),
    "span_min": ("", "", "The longest it may last, in minutes."),
    "seed": ("", "", "What all dice of a run follow; the same file and seed give the same run."),
    "ends_when_done": ("", "", "End at once when every campaign is complete."),
    "in_memory": (
        "", "",
        "Live the day in memory and write the database at its end: the same day, several times as fast.",
    ),
    "people/NAME/kinds": (
        "see below", "shares by kind", "Who answers, as relative shares.",
    ),
    "people/NAME/home_by_hour": (
        "1", '`{ "9-18" = 0.4, "18" = 0.7 }`',
        "Share of those who would answer that are there to do so, by hours of their own clock, from "
        "the first up to (not with) the second. To the others it rings until we give up.",
    ),
    "people/NAME/post_dial": ("none", "a span", "From the call to the first ring."),
    "people/NAME/ring": ("none", "a span", "From the first ring to the answer, where there is one."),
    "people/NAME/talk": (
        "none", "a span", "From an operator's first word to the end, where the callee ends it.",
    ),
    "people/NAME/leaves_first": ("none", "0 to 1", "Share of talks that the callee ends."),
    "people/NAME/machine_as_human": ("", "", "Share of machines that are taken for people."),
    "people/NAME/human_as_machine": ("", "", "Share of people who are taken for machines."),
    "people/NAME/anew_each_call": (
        "", "", "Who answers is drawn anew for each call, instead of once for each number.",
    ),
    "crews[]/name": ("", "", "Campaigns call the crew by it."),
    "crews[]/count": ("", "", "How many operators."),
    "crews[]/shifts": ("none", "a list of tables", "See below."),
    "crews[]/talk": (
        "none", "a span", "After how long an operator ends a talk that the callee does not end.",
    ),
    "crews[]/wrap_up": (
        "none", "a span", "How long they write; a campaign's `wrap_up_s` cuts it off.",
    ),
    "crews[]/result_in_call": ("", "", "Share of talks whose result is given while talking."),
    "crews[]/leaves_result": ("", "", "Share of talks that get no result."),
    "crews[]/undoes": ("", "", "Share of results that are taken back."),
    "crews[]/promises": ("", "", "Whether a result may promise the callee another call."),
    "crews[]/pause_every_s": (
        "", "", "Mean seconds between short pauses of an operator, 0 for never.",
    ),
    "crews[]/device_lost_every_s": (
        "", "", "Mean seconds between losses of an operator's phone, 0 for never.",
    ),
    "crews[]/reload_every_s": (
        "", "", "Mean seconds between reloads of an operator's page, 0 for never.",
    ),
    "crews[]/shifts[]/from": ("needed", "a time such as `09:00`", "When they come."),
    "crews[]/shifts[]/to": ("needed", "a time such as `18:00`", "When they go."),
    "crews[]/shifts[]/breaks": (
        "none", '`[{ from = "13:00", to = "13:30" }]`', "When they rest.",
    ),
    "trunks[]/name": ("", "", "Campaigns call the trunk by it."),
    "trunks[]/lines_max": ("", "", "Calls at once that we allow on it."),
    "trunks[]/calls_per_second": ("", "", "New calls a second that we allow on it."),
    "trunks[]/carries_max": (
        "", "", "Calls at once that the carrier really takes; beyond them it answers 503. 0: all.",
    ),
    "campaigns[]/name": ("", "", "What the campaign is called."),
    "campaigns[]/contacts": ("", "", "How many people stand on its list."),
    "campaigns[]/people": ("none", "a name", "Which `[people.NAME]` lives behind its numbers."),
    "campaigns[]/crews": ("all", "a list of names", "Who works in it."),
    "campaigns[]/trunks": (
        "all", "a list of names", "Through which trunks it calls, in this order.",
    ),
    "campaigns[]/begins_min": ("", "", "Minutes after the beginning at which it is started."),
    "campaigns[]/phones_each": ("", "", "How many numbers each contact has."),
    "campaigns[]/zones": (
        '{ "Europe/Moscow" = 1 }', "shares by time zone", "Where the numbers are.",
    ),
    "campaigns[]/stop_listed": ("", "", "Share of its numbers that are on the stop-list."),
    "campaigns[]/settings": (
        "none", "a table", "The campaign's settings as [Settings](settings.md) has them, but "
        "without `agents` and `trunks`. What is left out: mode `progressive`, purpose `service`, "
        "open at all hours, 200 lines, 20 calls a second.",
    ),
}  # fmt: skip
"""By path: the default and what it may be where the reading does not tell, and what it is for."""

WORDS_OF_MANAGERS: Mapping[str, str] = {
    "pauses_every_s": "A campaign is paused, and started again later.",
    "paused_s": "After how long; the least and the most.",
    "stops_every_s": "The emergency stop is pressed, and lifted later.",
    "stopped_s": "After how long; the least and the most.",
    "stop_lists_every_s": "A number of the lists is put on the stop-list.",
    "saves_every_s": "A campaign's settings are saved with a detail changed.",
}

WORDS_OF_FAULTS: Mapping[str, str] = {
    "floor_killed_every_s": "The floor's process is killed, often between two of its acts.",
    "floor_frozen_every_s": "The floor's process stands still longer than its lease lasts; another one takes the floor.",  # noqa: E501
    "floor_frozen_s": "For how long it stands still.",
    "engine_killed_every_s": "The engine's process is killed with all its calls.",
    "link_broken_every_s": "The connection between floor and engine breaks.",
    "store_away_every_s": "The database does not answer.",
    "store_away_s": "For how long.",
    "store_slow_every_s": "The database is slow.",
    "store_slow_s": "For how long.",
    "store_slow_by_s": "By how much each answer is late.",
    "store_read_only_every_s": "The database takes no writes.",
    "store_read_only_s": "For how long.",
    "restart_s": "How long it takes until a killed floor is back.",
    "engine_away_s": "How long it takes until a killed engine is back.",
    "answer_lost": "Share of commits that are durable and whose answer is lost.",
    "lost": "Share of the engine's events that never arrive.",
    "doubled": "Share of events that arrive twice.",
    "reordered": "Share of events that overtake others of their call.",
    "late": "Share of events that are a little late.",
    "late_s": "By how much at most.",
    "very_late": "Share of events that are very late.",
    "very_late_s": "By how much at most.",
    "foreign_every_s": "An event comes of a call that is not this floor's.",
    "clock_stepped_every_s": "The machine's clock is set.",
    "clock_steps_s": "By how much: one of these.",
    "trunk_flapped_every_s": "A trunk fails.",
    "trunk_flapped_s": "For how long.",
    "browser_gone_every_s": "An operator's browser is gone without a word.",
    "second_tab_every_s": "An operator opens a second window.",
    "recording_lost": "Share of recordings that the disk has no room for.",
    "bridge_fallen_every_s": "A talk loses its bridge by itself, while both lines live.",
}
