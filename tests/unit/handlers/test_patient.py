"""Keys are merged and split by decision, and alerts posted and withdrawn; nothing of it is lost (R28)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from messages.patient import (
    NamedPatient,
    PatientAlertPosted,
    PatientAlertWithdrawn,
    PatientMerged,
    PatientRejoined,
    PatientSplit,
    PatientToldApart,
)
from store import patients
from store.contract import Transaction
from tests.people import open_account
from tests.unit.handlers.bench import Bench

A, B, C, D = (letter * 32 for letter in "abcd")


def merged(into: str, *keys: str, administrator: str = "a@example.org") -> PatientMerged:
    """An administrator's decision that keys are of one person."""
    return PatientMerged(patient_id=into, same_as=keys, administrator=administrator, reason="One person.")


def split(patient: str, key: str, *, administrator: str = "a@example.org") -> PatientSplit:
    """An administrator's decision that a key is another person's after all."""
    return PatientSplit(patient_id=patient, split_off=key, administrator=administrator, reason="Two persons.")


async def whose(bench: Bench, *keys: str) -> Sequence[str]:
    """The patient that each key stands for."""

    async def unit(tx: Transaction) -> list[str]:
        return [await patients.patient_of(tx, key) for key in keys]

    return await bench.store.read(unit)


def code(outcome: Outcome) -> str | None:
    """Why it was refused; None when it was not."""
    return outcome.code if isinstance(outcome, Refuse) else None


async def test_merged_keys_stand_for_one_patient(bench: Bench) -> None:
    """Merging a patient of several keys takes all of them along; there are no chains."""
    assert await bench.send(merged(B, A)) == Done({"patient_id": B, "merged": 1})
    assert await bench.send(merged(C, A, D)) == Done({"patient_id": C, "merged": 3})
    assert await whose(bench, A, B, C, D) == [C, C, C, C]
    assert await bench.send(merged(A, B)) == Done({"patient_id": C, "merged": 0})


async def test_a_split_undoes_a_merging_and_both_stay_in_the_history(bench: Bench) -> None:
    """The key is a patient of its own again, may be merged again, and every decision is kept."""
    await bench.send(merged(B, A))
    assert await bench.send(split(B, A)) == Done({"patient_id": A})
    assert await whose(bench, A, B) == [A, B]
    assert code(await bench.send(split(B, A))) == "not_merged"
    await bench.send(merged(B, A))
    rows = await bench.store._reader.execute_fetchall(
        "SELECT act, patient_key, from_patient_id, to_patient_id FROM patient_links ORDER BY no"
    )
    assert [tuple(row) for row in rows] == [("merged", A, A, B), ("split", A, B, A), ("merged", A, A, B)]


async def test_only_administrators_merge_and_split(bench: Bench) -> None:
    """Whoever is none is refused, and nothing changes."""
    assert code(await bench.send(merged(B, A, administrator="robin@example.org"))) == "not_an_administrator"
    await bench.send(merged(B, A))
    assert code(await bench.send(split(B, A, administrator="robin@example.org"))) == "not_an_administrator"
    assert await whose(bench, A) == [B]
    for kind in (PatientToldApart, PatientRejoined):
        decision = kind(patient_id=C, administrator="robin@example.org", reason="Two persons.")
        assert code(await bench.send(decision)) == "not_an_administrator"


async def told_apart(bench: Bench) -> None:
    """Two persons share A."""
    decision = PatientToldApart(patient_id=A, administrator="a@example.org", reason="Two persons.")
    assert await bench.send(decision) == Done({"patient_ids": []})


async def test_nobody_is_joined_again_who_was_not_told_apart(bench: Bench) -> None:
    """Undoing undoes once; the key may be told apart again."""
    joining = PatientRejoined(patient_id=A, administrator="a@example.org", reason="One person.")
    assert code(await bench.send(joining)) == "not_told_apart"
    await told_apart(bench)
    assert await bench.send(joining) == Done({"patient_id": A})
    assert code(await bench.send(joining)) == "not_told_apart"
    await told_apart(bench)


def alert(name: str = "ALERT-1", *, author: str = "DR-1") -> PatientAlertPosted:
    """An alert that is accepted."""
    return PatientAlertPosted(
        alert_id=name, author=author, patient=NamedPatient(patient_id=A), concern="diversion", text="Seen to sell."
    )


@pytest.fixture
async def clinic(bench: Bench) -> Bench:
    """Two prescribers with accounts."""
    await open_account(bench.store, "DR-1", dea="AB1234563")
    await open_account(bench.store, "DR-2", dea="AS1234563")
    return bench


async def test_r28_an_alert_is_kept_with_its_author_and_nobody_is_told(clinic: Bench) -> None:
    """No e-mail and no event leaves, to law enforcement least of all; the same alert is posted once."""
    assert isinstance(await clinic.send(alert()), Done)
    assert (clinic.mails, clinic.events) == ([], [])
    assert code(await clinic.send(alert())) == "alert_exists"
    assert code(await clinic.send(alert("ALERT-2", author="NOBODY"))) == "account_not_active"


async def test_r28_an_alert_about_one_of_two_says_which(clinic: Bench) -> None:
    """Of a key told apart it is refused; of one person's id it is kept with what tells that person from the other."""
    await told_apart(clinic)
    assert code(await clinic.send(alert())) == "told_apart"
    about = alert().model_copy(update={"patient": NamedPatient(patient_id=f"{A}01234567")})
    assert isinstance(await clinic.send(about), Done)
    rows = await clinic.store._reader.execute_fetchall("SELECT patient_key, part FROM patient_alerts")
    assert [tuple(row) for row in rows] == [(A, "01234567")]


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        ({"author": "DR-1"}, None),
        ({"administrator": "a@example.org"}, None),
        ({"author": "DR-2"}, "not_the_author"),
        ({"administrator": "dr-2@example.org"}, "not_an_administrator"),
    ],
)
async def test_r28_its_author_or_an_administrator_withdraws_it(
    clinic: Bench, who: dict[str, str], refused: str | None
) -> None:
    """Nobody else does; a withdrawn alert is kept and withdrawn once."""
    await clinic.send(alert())
    withdrawal = PatientAlertWithdrawn(alert_id="ALERT-1", **who)
    assert code(await clinic.send(withdrawal)) == refused
    if refused is None:
        assert code(await clinic.send(withdrawal)) == "alert_withdrawn"
    assert await clinic.count("patient_alerts") == 1


async def test_r28_an_unknown_alert_is_refused(clinic: Bench) -> None:
    """The field is named."""
    assert code(await clinic.send(PatientAlertWithdrawn(alert_id="ALERT-9", author="DR-1"))) == "alert_unknown"
