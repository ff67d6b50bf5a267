"""The words of the key figures in both languages: name, formula, and what is left out.

They stand here, beside the formulas, so that a figure says the same on a screen, in a file and on
the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vyzov.core.kpi.registry import FORMULAS, Window


@dataclass(frozen=True, slots=True)
class Said:
    """One text in both languages."""

    en: str
    ru: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure is called, how it is counted, and what it leaves out."""

    name: Said
    formula: Said
    without: Said


_WHOLE = Said(
    "Attempts refused before dialling are left out. An attempt counts, whole, in the half hour in"
    " which it was reserved.",
    "Без попыток, от которых отказались до набора. Попытка относится целиком к тому получасу, в"
    " котором её начали.",
)
_OF_STATES = Said(
    "A state that still lasts is counted up to now. Time belongs to the half hour in which it"
    " passed.",
    "Состояние, которое ещё длится, учтено до текущей минуты. Время относится к тому получасу, в"
    " котором оно прошло.",
)
_OF_SHIFTS = Said(
    "A shift belongs, whole, to the period in which it begins. Agents without a shift have no paid"
    " time here.",
    "Смена относится целиком к тому периоду, в котором началась. У операторов без смены в графике"
    " оплаченного времени нет.",
)
_TO_DATE = Said(
    "From the first day of the data to the end of the period. Contacts closed by hand in the office"
    " do not count as closed by calls.",
    "С начала данных до конца периода. Контакты, закрытые вручную вне звонка, закрытыми не"
    " считаются.",
)
_OF_DELAYS = Said(
    "Only calls that an agent was joined to. Measured on one clock; the 95 of 100 is rounded up to"
    " a tenth of a second.",
    "Только звонки, соединённые с оператором. Время измерено одними часами; 95-й процентиль"
    " округлён вверх до десятой доли секунды.",
)
_OF_COSTS = Said(
    "Labour is paid time by the shifts, signed-in time for agents without one. For one campaign:"
    " time in work on its calls, its traffic and contacts, without rentals and daily costs.",
    "Труд – оплаченное время по графику, а без графика – время в системе. По одной кампании: только"
    " работа с её звонками, её трафик и контакты, без аренды и ежедневных расходов.",
)
_OF_REVENUE = Said(
    "What the price list says a result brings; results taken back do not count.",
    "Сколько приносит результат, сказано в прейскуранте; отменённые результаты не считаются.",
)
_OF_LOST = Said(
    "Machines, and those who hung up before the limit, are not lost calls. The clock starts at the"
    " answer (200 OK), and that is stored with each lost call.",
    "Автоответчики и те, кто положил трубку раньше предела, потерянными не считаются. Отсчёт – от"
    " ответа (200 OK), это записано при каждом потерянном вызове.",
)


def _words(name: tuple[str, str], formula: tuple[str, str], without: Said) -> Words:
    return Words(Said(*name), Said(*formula), without)


_WORDS: dict[str, Words] = {
    "occupancy": _words(
        ("Occupancy", "Загрузка"),
        (
            "(cards + dialling + reserved + talk + hold + wrap-up) / (the same + waiting for a call)",
            "(ожидание соединения + разговор + удержание + оформление) / (то же + ожидание вызова)",
        ),
        _OF_STATES,
    ),
    "utilisation": _words(
        ("Worked of paid time", "Рабочее время к оплаченному"),
        (
            "(work on calls + waiting for a call) / paid time by the shifts",
            "(работа со звонками + ожидание вызова) / оплаченное время по графику",
        ),
        _OF_SHIFTS,
    ),
    "shrinkage": _words(
        ("Shrinkage", "Потери рабочего времени"),
        (
            "(paid time - work on calls - waiting for a call) / paid time",
            "(оплаченное - работа со звонками - ожидание вызова) / оплаченное",
        ),
        _OF_SHIFTS,
    ),
    "plan_kept": _words(
        ("Signed in of planned", "Время в системе к плану"),
        (
            "time signed in / (paid time - paid breaks)",
            "время в системе / (оплаченное время - оплаченные перерывы)",
        ),
        _OF_SHIFTS,
    ),
    "handling_time": _words(
        ("Average handling time", "Среднее время обработки"),
        (
            "(cards + dialling + reserved + talk + hold + wrap-up) / calls joined to an agent",
            "(ожидание соединения + разговор + удержание + оформление) / соединённые звонки",
        ),
        _OF_STATES,
    ),
    "idle": _words(
        ("Wait between calls, average", "Ожидание между звонками, среднее"),
        (
            "time ready that ended with a call / how many times",
            "время готовности, закончившееся звонком / число таких ожиданий",
        ),
        Said(
            "Waits that ended with a pause or a sign-out are left out.",
            "Без ожиданий, которые закончились паузой или выходом.",
        ),
    ),
    "idle_p95": _words(
        ("Wait between calls, 95 of 100", "Ожидание между звонками, 95 %"),
        (
            "the wait that 95 of 100 do not exceed, rounded up to a second",
            "ожидание, которого не превышают 95 из 100; округлено вверх до секунды",
        ),
        Said(
            "Waits that ended with a pause or a sign-out are left out.",
            "Без ожиданий, которые закончились паузой или выходом.",
        ),
    ),
    "answer_rate": _words(
        ("Answer rate", "Доля ответов"),
        (
            "attempts answered by anybody or anything / attempts",
            "попытки с любым ответом, включая автоответчики / попытки",
        ),
        _WHOLE,
    ),
    "contact_rate": _words(
        ("Contact rate", "Доля контактов"),
        (
            "attempts answered by a person and not lost / attempts",
            "попытки, на которые ответил человек и не был потерян / попытки",
        ),
        _WHOLE,
    ),
    "reach": _words(
        ("Reach", "Охват"),
        (
            "contacts reached at least once / contacts dialled at least once",
            "контакты, до которых хоть раз дозвонились / контакты, которым хоть раз звонили",
        ),
        _TO_DATE,
    ),
    "right_party": _words(
        ("Right party", "Нужное лицо"),
        (
            "talks whose result names a person and not the wrong one / attempts answered by a"
            " person",
            "разговоры с нужным лицом по результату оператора / попытки, на которые ответил"
            " человек",
        ),
        _WHOLE,
    ),
    "right_party_of_attempts": _words(
        ("Right party of attempts", "Нужное лицо от попыток"),
        (
            "talks whose result names a person and not the wrong one / attempts",
            "разговоры с нужным лицом по результату оператора / попытки",
        ),
        _WHOLE,
    ),
    "conversion": _words(
        ("Conversion", "Конверсия"),
        (
            "results of the group success / talks with the right party",
            "результаты группы «успех» / разговоры с нужным лицом",
        ),
        _WHOLE,
    ),
    "conversion_of_reached": _words(
        ("Conversion of contacts", "Конверсия от контактов"),
        (
            "results of the group success / attempts answered by a person",
            "результаты группы «успех» / попытки, на которые ответил человек",
        ),
        _WHOLE,
    ),
    "conversion_of_list": _words(
        ("Conversion of the list", "Конверсия от базы"),
        (
            "results of the group success / contacts loaded",
            "результаты группы «успех» / загруженные контакты",
        ),
        _TO_DATE,
    ),
    "penetration": _words(
        ("List penetration", "Прозвон базы"),
        (
            "contacts dialled at least once / contacts loaded",
            "контакты, которым хоть раз звонили / загруженные контакты",
        ),
        _TO_DATE,
    ),
    "completion": _words(
        ("List completion", "Завершённость базы"),
        ("contacts closed / contacts loaded", "закрытые контакты / загруженные контакты"),
        _TO_DATE,
    ),
    "attempts_per_closed": _words(
        ("Attempts per closed contact", "Попыток на закрытый контакт"),
        ("attempts / contacts closed", "попытки / закрытые контакты"),
        _WHOLE,
    ),
    "calls_per_closed": _words(
        ("Answered calls per closed contact", "Отвеченных звонков на закрытый контакт"),
        ("answered attempts / contacts closed", "попытки с ответом / закрытые контакты"),
        _WHOLE,
    ),
    "machine_wrong": _words(
        ("People taken for machines", "Людей приняли за автоответчик"),
        (
            "calls heard as a machine whose agent spoke with a person / calls whose agent spoke"
            " with a person",
            "звонки, принятые за автоответчик, где оператор говорил с человеком / звонки, где"
            " оператор говорил с человеком",
        ),
        Said(
            "Only calls that an agent judged by a result; those hung up on at once were judged by"
            " nobody.",
            "Только звонки, о которых судил оператор своим результатом; о сброшенных сразу судить"
            " некому.",
        ),
    ),
    "callbacks_kept": _words(
        ("Call-backs kept", "Перезвонили вовремя"),
        (
            "promises with an attempt within 15 minutes of the time / promises that fell due",
            "обещания с попыткой не далее 15 минут от срока / обещания, срок которых настал",
        ),
        Said(
            "Promises taken back, replaced, or overtaken by the contact's being closed are left"
            " out.",
            "Без обещаний, которые отменили, перенесли или закрыли вместе с контактом.",
        ),
    ),
    "ring_to_connect": _words(
        ("From ringing to an agent, average", "От вызова до оператора, среднее"),
        (
            "time from the first ringing to the join / calls joined",
            "время от первого гудка до соединения / соединённые звонки",
        ),
        _OF_DELAYS,
    ),
    "ring_to_connect_p95": _words(
        ("From ringing to an agent, 95 of 100", "От вызова до оператора, 95 %"),
        (
            "the time from ringing to the join that 95 of 100 do not exceed",
            "время от гудка до соединения, которого не превышают 95 из 100",
        ),
        _OF_DELAYS,
    ),
    "answer_to_agent": _words(
        ("From the answer to an agent, average", "От ответа до оператора, среднее"),
        (
            "time from the answer to the join / calls joined",
            "время от ответа до соединения / соединённые звонки",
        ),
        _OF_DELAYS,
    ),
    "answer_to_agent_p95": _words(
        ("From the answer to an agent, 95 of 100", "От ответа до оператора, 95 %"),
        (
            "the time from the answer to the join that 95 of 100 do not exceed",
            "время от ответа до соединения, которого не превышают 95 из 100",
        ),
        _OF_DELAYS,
    ),
    "dials_per_hour": _words(
        ("Attempts per agent hour", "Попыток в час оператора"),
        ("attempts / time signed in", "попытки / время в системе"),
        _WHOLE,
    ),
    "contacts_per_hour": _words(
        ("Contacts per agent hour", "Контактов в час оператора"),
        (
            "attempts answered by a person / time signed in",
            "попытки, на которые ответил человек / время в системе",
        ),
        _WHOLE,
    ),
    "results_per_hour": _words(
        ("Successes per agent hour", "Успешных результатов в час оператора"),
        (
            "results of the group success / time signed in",
            "результаты группы «успех» / время в системе",
        ),
        _WHOLE,
    ),
    "revenue_per_hour": _words(
        ("Revenue per agent hour", "Выручка в час оператора"),
        ("revenue / time signed in", "выручка / время в системе"),
        _OF_REVENUE,
    ),
    "revenue": _words(
        ("Revenue", "Выручка"),
        ("sum over results of what they bring", "сумма по результатам: сколько приносит каждый"),
        _OF_REVENUE,
    ),
    "revenue_per_attempt": _words(
        ("Revenue per attempt", "Выручка на попытку"),
        ("revenue / attempts", "выручка / попытки"),
        _OF_REVENUE,
    ),
    "cost": _words(
        ("Cost", "Затраты"),
        (
            "labour + traffic + rentals + contacts + daily costs",
            "труд + трафик + аренда + контакты + ежедневные расходы",
        ),
        _OF_COSTS,
    ),
    "cost_per_attempt": _words(
        ("Cost per attempt", "Цена попытки"),
        ("cost / attempts", "затраты / попытки"),
        _OF_COSTS,
    ),
    "cost_per_contact": _words(
        ("Cost per contact", "Цена контакта"),
        (
            "cost / attempts answered by a person",
            "затраты / попытки, на которые ответил человек",
        ),
        _OF_COSTS,
    ),
    "cost_per_client": _words(
        ("Cost per client", "Цена клиента"),
        ("cost / results of the group success", "затраты / результаты группы «успех»"),
        _OF_COSTS,
    ),
    "roi": _words(
        ("Return on cost", "Окупаемость"),
        ("(revenue - cost) / cost", "(выручка - затраты) / затраты"),
        _OF_COSTS,
    ),
}

_LOST: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "us": (
        ("Lost calls, US rule", "Потерянные, правило США"),
        (
            "(lost + joined too late) / live answers",
            "(потерянные + соединённые слишком поздно) / живые ответы",
        ),
    ),
    "uk": (
        ("Lost calls, UK rule", "Потерянные, правило Великобритании"),
        (
            "(lost + people taken for machines) / (lost + live answers passed to agents)",
            "(потерянные + люди, принятые за автоответчик) / (потерянные + живые ответы,"
            " переданные операторам)",
        ),
    ),
    "own": (
        ("Lost calls, our own rule", "Потерянные, собственное правило"),
        (
            "(lost + joined too late + hung up while waiting, as the price list says) / live"
            " answers",
            "(потерянные + соединённые поздно + не дождавшиеся – как сказано в прейскуранте) /"
            " живые ответы",
        ),
    ),
}
_SPAN = {
    Window.DAYS_30: ("30 days", "30 суток"),
    Window.DAY: ("day", "сутки"),
    Window.HALF_HOUR: ("30 minutes", "30 минут"),
}


def _lost() -> dict[str, Words]:
    return {
        f"abandoned_{rule}_{window.value}": _words(
            (f"{name[0]}, {span[0]}", f"{name[1]}, {span[1]}"), formula, _OF_LOST
        )
        for rule, (name, formula) in _LOST.items()
        for window, span in _SPAN.items()
    }


WORDS: Mapping[str, Words] = {**_WORDS, **_lost()}

WINDOWS: Mapping[Window, Said] = {
    Window.ASKED: Said("the period asked for", "выбранный период"),
    Window.TO_DATE: Said("all time up to the end", "всё время до конца периода"),
    Window.DAYS_30: Said("30 days up to the end", "30 суток до конца периода"),
    Window.DAY: Said("the last calendar day (UTC)", "последние календарные сутки (UTC)"),
    Window.HALF_HOUR: Said("the last 30 minutes", "последние 30 минут"),
}

assert set(WORDS) == {formula.id for formula in FORMULAS}, "each formula has its words"
