"""A running site: records and reviews that are published become treatments by themselves, behind the stream (R51–R56)."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from messages.dispensation import DispensationRecordSubmitted
from messages.patient import IdentifyingFacts, NamedPatient, PatientToldApart
from messages.review import ReviewRecorded
from store.sqlite import SqliteStore, open_sqlite
from tests.people import open_account
from tests.records import know_drugs, record
from tests.site import Site, site_on, until
from workers.client import Publisher
from workers.services.rabbitmq import Broker

ROBIN = IdentifyingFacts(
    last_name="Example", first_name="Robin", date_of_birth=date(1980, 1, 1), gender="F", zip="06103"
)


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    site = await site_on(rabbitmq, amqp_url, tmp_path).declared()
    yield site
    await site.stop_all()


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[SqliteStore]:
    """The site's store, beside its processes."""
    store = await open_sqlite(site.folder / "pmp.db")
    try:
        await store.migrate()
        yield store
    finally:
        await store.close()


async def test_records_and_reviews_become_treatments(site: Site) -> None:
    """Also when the process was killed in between; the prescriber is answered with the patient's id."""
    async with opened(site) as store:
        await know_drugs(store)
        await open_account(store, "DR-1", dea="AS1234563")
    process = await site.start()
    treated = "SELECT records, reviewed_on FROM treatments"
    async with Publisher(site.amqp_url, app_id="portal") as portal:
        first, second = (
            DispensationRecordSubmitted.model_validate_json(json.dumps(record(number, filled_on=filled_on)))
            for number, filled_on in (("1", date(2026, 6, 1)), ("2", date(2026, 6, 30)))
        )
        await portal.ask(first, timeout_seconds=20)
        await until(lambda: site.counted.rows(treated) == [(1, None)], "the first record is counted")
        await site.stop(process, signal.SIGKILL)
        process = await site.start("worker", "relay")
        await portal.ask(second, timeout_seconds=20)
        review = ReviewRecorded(
            reviewer="DR-1", patient=NamedPatient(facts=ROBIN), reviewed_at=datetime(2026, 6, 30, 15, 0, tzinfo=UTC)
        )
        answer = await portal.ask(review, timeout_seconds=20)
    assert answer.result == {"patient_id": site.counted.rows("SELECT patient_id FROM treatments")[0][0]}
    assert site.counted.rows(treated) == [(1, None)]
    scheduler = await site.start("scheduler")
    await until(lambda: site.counted.rows(treated) == [(2, "2026-06-30")], "the second and the review are", seconds=60)
    for one in (process, scheduler):
        assert await site.stop(one) == 0


async def test_two_persons_of_one_name_are_told_apart(site: Site) -> None:
    """An administrator's message parts their treatments, a review counts for the one it names, and a rebuild says the same."""
    async with opened(site) as store:
        await know_drugs(store)
        await open_account(store, "DR-1", dea="AS1234563")
    process = await site.start()
    treated = "SELECT patient_id, records, reviewed_on FROM treatments ORDER BY reviewed_on IS NULL"
    async with Publisher(site.amqp_url, app_id="portal") as portal:
        for number, zip_code in (("1", "06103"), ("2", "06511")):
            body = record(number, patient={"zip": zip_code})
            await portal.ask(DispensationRecordSubmitted.model_validate_json(json.dumps(body)), timeout_seconds=20)
        await until(lambda: [row[1:] for row in site.counted.rows(treated)] == [(2, None)], "both are counted")
        ((key, *_),) = site.counted.rows(treated)
        told = await portal.ask(
            PatientToldApart(patient_id=key, administrator="administrators@example.org", reason="Two persons."),
            timeout_seconds=20,
        )
        reviewed_at = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
        review = ReviewRecorded(reviewer="DR-1", patient=NamedPatient(facts=ROBIN), reviewed_at=reviewed_at)
        answer = await portal.ask(review, timeout_seconds=20)
        of_both = review.model_copy(update={"patient": NamedPatient(patient_id=key)})
        assert (await portal.ask(of_both, timeout_seconds=20)).code == "told_apart"
    assert told.result is not None
    assert answer.result is not None
    one = answer.result["patient_id"]
    (other,) = {*told.result["patient_ids"]} - {one}  # type: ignore[misc]
    parted = [(one, 1, "2026-06-01"), (other, 1, None)]
    await until(lambda: site.counted.rows(treated) == parted, "each is treated alone")
    assert await site.stop(process) == 0
    code, counts = await site.pmp("rebuild", "treatments", "--json")
    assert (code, json.loads(counts)["treatments"]) == (0, 2)
    assert site.counted.rows(treated) == parted
