"""What is left of the month beside what the model says: each difference is a check that does not hold, with its rule."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from notifier.catalogue import catalogue
from store.every_row import Kept, Tables
from workers.simulation.checks import Check, compared, rule_of
from workers.simulation.model import Month
from workers.simulation.model.book import ADMINISTRATORS, Telling
from workers.simulation.model.calendar import local_day
from workers.simulation.model.listing import RULE_OF
from workers.simulation.model.reporting import Days, walked
from workers.simulation.play import Played

FULL_DAYS = 31
"""So long takes everything: a registration expires after 30 days of waiting (R12)."""
ASKED_FOR: Mapping[str, str] = {"administrators.test_message": "pmp mail test alone"}
"""What no message and no day sets off, and what does."""


def mails_of(tables: Tables) -> list[Kept]:
    """Every e-mail that was ever to leave."""
    return [row for row in tables["outbox"] if row["channel"] == "mail"]


def written(tables: Tables) -> Counter[Telling]:
    """Every notice by day, name and recipient."""
    return Counter((_day(row["created_at"]), row["name"], row["destination"]) for row in mails_of(tables))


def judge(tables: Tables, played: Played) -> list[Check]:
    """Lay everything beside the model."""
    month = played.month
    return [
        *_notices(month.book.notices, written(tables)),
        _left(tables, month),
        _outcomes(tables, played),
        *_digests(tables, month),
        *_ends(tables, month),
    ]


def _notices(wanted: Counter[Telling], found: Counter[Telling]) -> list[Check]:
    """One check a kind of notice: the same ones, on the same days, to the same people."""
    against: dict[str, list[str]] = defaultdict(list)
    total: Counter[str] = Counter()
    for telling in sorted(wanted.keys() | found.keys()):
        day, notice, to = telling
        total[notice] += wanted[telling]
        if wanted[telling] != found[telling]:
            against[notice].append(f"{day} {to}: {wanted[telling]} wanted, {found[telling]} written")
    return [Check(rule_of(one), f"notices {one}", total[one], tuple(against[one])) for one in sorted(total)]


def every_kind(tables: Tables) -> Check:
    """Each notice that there is has been sent at some time of the month, but those that the programme never sends by itself."""
    names = {one.name for one in catalogue()} - ASKED_FOR.keys()
    missing = names - {row["name"] for row in mails_of(tables)}
    return Check(
        "R14", f"kinds of notices that were sent; not {_listed(ASKED_FOR)}", len(names), tuple(sorted(missing))
    )


def _listed(left_out: Mapping[str, str]) -> str:
    return "; ".join(f"{name} ({why})" for name, why in left_out.items())


def _left(tables: Tables, month: Month) -> Check:
    """All e-mails have left, but those to an address that was marked when their turn came."""
    mails = mails_of(tables)
    against = [
        f"{_day(row['created_at'])} {row['name']} {row['destination']}: {row['state']} {row['reply']}"
        for row in mails
        if row["state"] != "sent"
        and not (row["state"] == "refused" and row["destination"].lower() in month.ever_marked)
    ]
    return Check("R14", "e-mails that have left, or may not", len(mails), tuple(against))


def _digests(tables: Tables, month: Month) -> list[Check]:
    """The headings of each morning's e-mail to an administrator, and how many lines stand under them."""
    found: dict[str, int] = {}
    for row in mails_of(tables):
        if row["name"] != "administrators.digest" or row["destination"] != ADMINISTRATORS[0]:
            continue
        facts = json.loads(row["facts"])
        for section in facts["sections"]:
            heading, _, number = section["title"].rpartition(" (")
            if heading in RULE_OF:
                found[f"{facts['date']} {heading}"] = int(number.removesuffix(")"))
    checks = []
    for heading, rule in RULE_OF.items():
        wanted = {name: number for name, number in month.listed.items() if name.endswith(f" {heading}")}
        seen = {name: number for name, number in found.items() if name.endswith(f" {heading}")}
        checks.append(compared(rule, f"administrators' list: {heading}", wanted, seen))
    return checks


def _outcomes(tables: Tables, played: Played) -> Check:
    kinds = {said.message_id: said.spoken_kind for said in played.said}
    wanted = {f"{kinds[one]} {one}": outcome for one, outcome in played.month.outcomes.items()}
    found: dict[str, str] = {}
    for row in tables["inbox"]:
        name = f"{kinds.get(row['message_id'], row['kind'])} {row['message_id']}"
        found[name] = f"{found[name]}, {row['state']}" if name in found else row["state"]
    return compared("R46", "what has become of each message", wanted, found)


def _ends(tables: Tables, month: Month) -> list[Check]:
    """How everything stands at the end."""
    book, parts = month.book, month.parts
    zeros: dict[str, list[Days]] = defaultdict(list)
    for row in tables["zero_reports"]:
        zeros[row["dispenser"]].append((date.fromisoformat(row["period_from"]), date.fromisoformat(row["period_to"])))
    queries = {"granted": len(tables["patient_queries"]), "turned away": len(tables["refused_queries"])}
    return [
        compared(
            "R6", "registrations: state",
            {one.registration_id: one.state for one in book.registrations.values()},
            {row["registration_id"]: row["state"] for row in tables["registrations"]},
        ),
        compared(
            "R20", "accounts: state, address, expiration of the password",
            {one.account_id: f"{one.state} {one.email} {one.expires_on}" for one in book.accounts.values()},
            {row["account_id"]: f"{row['state']} {row['email']} {row['password_expires_on']}" for row in tables["accounts"]},
        ),
        compared(
            "R21", "open causes of suspensions",
            {f"{one.account_id} {_cause(cause)}": "open"
             for one in book.accounts.values() if one.is_open for cause in one.causes},
            {f"{row['account_id']} {row['cause']}": "open"
             for row in tables["suspensions"] if not row["ended_at"] and book.accounts[row["account_id"]].is_open},
        ),
        compared(
            "R23", "links between delegates and supervisors",
            {f"{delegate} {supervisor}": state for (delegate, supervisor), state in book.links.items()},
            {f"{row['delegate_id']} {row['supervisor_id']}": row["state"] for row in tables["delegate_links"]},
        ),
        compared(
            "R73", "tickets: state and category",
            {name: f"{one.state} {one.category}" for name, one in parts.desk.tickets.items()},
            {row["ticket_id"]: f"{row['state']} {row['category']}" for row in tables["tickets"]},
        ),
        compared(
            "R25", "cases of conduct", parts.desk.cases,
            {row["occasion"] or row["case_id"]: row["state"] for row in tables["conduct_cases"]},
        ),
        compared(
            "R48", "records: state and supply",
            {f"{line.dispenser} {line.prescription} {line.filled_on}": f"{state} {line.days}"
             for state, line in parts.reporting.records.values()},
            {f"{row['dispenser']} {row['prescription_number']} {row['filled_on']}": f"{row['state']} {row['days_supply']}"
             for row in tables["dispensations"]},
        ),
        compared(
            "R42", "dispensers: covered up to",
            {name: str(walked(one.covered_to, one.zeros)) for name, one in parts.reporting.dispensers.items()},
            {row["dispenser"]: str(walked(date.fromisoformat(row["covered_to"]), zeros[row["dispenser"]]))
             for row in tables["dispensers"]},
        ),
        compared(
            "R47", "records in error that are not corrected",
            dict(Counter(one.line.prescription for one in parts.reporting.errors if not one.is_corrected)),
            dict(Counter(row["prescription_number"] for row in tables["open_errors"] if not row["corrected_at"])),
        ),
        compared(
            "R24", "queries", {"granted": parts.reviewing.granted, "turned away": len(parts.reviewing.refusals)}, queries
        ),
        compared(
            "R28", "alerts that stand", dict.fromkeys(parts.reviewing.alerts, "stands"),
            {row["alert_id"]: "stands" for row in tables["patient_alerts"] if not row["withdrawn_at"]},
        ),
        compared(
            "R51", "missed reviews by prescriber", dict(parts.reviewing.missed(parts.reporting.standing())),
            dict(Counter(row["prescriber"] for row in tables["missed_reviews"])),
        ),
    ]  # fmt: skip


def _cause(cause: str) -> str:
    return cause if cause == "administrator" else f"credential:{cause.partition(' ')[0]}"


def _day(moment: str) -> date:
    return local_day(datetime.fromisoformat(moment))
