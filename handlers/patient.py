"""Patient: keys are merged, split, told apart by decision; alerts posted and withdrawn (R28). Nothing is ever lost."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from pydantic import JsonValue

from handlers.actors import not_an_administrator
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.patients import named
from handlers.rules.patients import key_and_part, part_of
from handlers.work import Work
from messages.patient import (
    PatientAlertPosted,
    PatientAlertWithdrawn,
    PatientMerged,
    PatientRejoined,
    PatientSplit,
    PatientToldApart,
)
from store import accounts, alerts, patients, sharing, treatments


async def merged(work: Work[PatientMerged, None]) -> Outcome:
    """All keys of the patients stand for one from now on; its treatments are counted again."""
    message = work.message
    refusal = await not_an_administrator(work, message.administrator)
    if refusal is not None:
        return refusal
    await patients.decide(work.tx)
    refusal = await _no_patients(work, {message.patient_id, *message.same_as})
    if refusal is not None:
        return refusal
    into = await patients.patient_of(work.tx, message.patient_id)
    merging = {await patients.patient_of(work.tx, one) for one in message.same_as} - {into}
    every = [(key, was) for was, keys in (await patients.keys_of(work.tx, merging)).items() for key in keys]
    for key, was in sorted(every):
        await patients.merge(
            work.tx,
            key,
            was=was,
            becomes=into,
            by=message.administrator,
            reason=message.reason,
            now=work.now,
            seq=work.seq,
        )
    if every:
        await treatments.mark(work.tx, {into, *(key for key, _ in every)})
    return Done({"patient_id": into, "merged": len(every)})


async def split(work: Work[PatientSplit, None]) -> Outcome:
    """A merged key is a patient of its own again; the records of both are counted again."""
    message = work.message
    refusal = await not_an_administrator(work, message.administrator)
    if refusal is not None:
        return refusal
    await patients.decide(work.tx)
    was = await patients.patient_of(work.tx, message.patient_id)
    is_split = await patients.split(
        work.tx,
        message.split_off,
        was=was,
        by=message.administrator,
        reason=message.reason,
        now=work.now,
        seq=work.seq,
    )
    if not is_split:
        return Refuse("not_merged", "No key of this name was merged into the patient.", field="split_off")
    await treatments.mark(work.tx, {was, message.split_off})
    return Done({"patient_id": message.split_off})


async def told_apart(work: Work[PatientToldApart, None]) -> Outcome:
    """Each person of the key is a patient, known by the ZIP code too; what stood under the key is counted again.

    The answer names those whose records the projection has read by now.
    """
    message, key = work.message, work.message.patient_id
    refusal = await _not_alone(work, message)
    if refusal is not None:
        return refusal
    if not await sharing.tell(
        work.tx, key, by=message.administrator, reason=message.reason, now=work.now, seq=work.seq
    ):
        return Refuse("told_apart", "The persons of this key are told apart already.", field="patient_id")
    await treatments.mark(work.tx, [key])
    found: list[JsonValue] = [*sorted({key + part_of(key, one.zip) for one in await sharing.zips(work.tx, [key])})]
    return Done({"patient_ids": found})


async def rejoined(work: Work[PatientRejoined, None]) -> Outcome:
    """The key stands for one person again, and everything under it is that person's."""
    message, key = work.message, work.message.patient_id
    refusal = await _not_alone(work, message)
    if refusal is not None:
        return refusal
    if not await sharing.rejoin(
        work.tx, key, by=message.administrator, reason=message.reason, now=work.now, seq=work.seq
    ):
        return Refuse("not_told_apart", "The persons of this key are not told apart.", field="patient_id")
    await treatments.mark(work.tx, [key])
    return Done({"patient_id": key})


async def _not_alone(work: Work[Any, None], message: PatientToldApart | PatientRejoined) -> Refuse | None:
    """Return why a key cannot be told apart or joined again: which of two a merged key belongs to, a person must say."""
    refusal = await not_an_administrator(work, message.administrator)
    if refusal is not None:
        return refusal
    await patients.decide(work.tx)
    merged_with = await sharing.merged(work.tx, message.patient_id)
    if not merged_with:
        return None
    return Refuse("merged", f"Keys were merged with it; split off first: {' '.join(merged_with)}.", field="patient_id")


async def _no_patients(work: Work[PatientMerged, None], ids: Set[str]) -> Refuse | None:
    """Return why ids cannot be merged: one of two persons' shared key, or one of no person."""
    named_by = {one: key_and_part(one) for one in sorted(ids)}
    known = await sharing.among(work.tx, (key for key, _ in named_by.values()))
    for one, (key, part) in named_by.items():
        field = "patient_id" if one == work.message.patient_id else "same_as"
        if known.get(key, False) and not part:
            return Refuse("told_apart", f"Two persons share {one}: name the one that is meant.", field=field)
        if part and not known.get(key, False):
            return Refuse("not_told_apart", f"The persons of {key} are not told apart.", field=field)
    return None


async def alert_posted(work: Work[PatientAlertPosted, None]) -> Outcome:
    """The alert is kept with its author, and administrators find it in their list (R28). Nobody else is told."""
    message = work.message
    author = await accounts.one(work.tx, message.author)
    if author is None or author.state != "active":
        return Refuse("account_not_active", "The author has no active account.", field="author")
    patient = await named(work.tx, message.patient)
    if isinstance(patient, Refuse):
        return patient
    is_new = await alerts.post(
        work.tx,
        message.alert_id,
        patient_key=patient.key,
        part=patient.part,
        author_id=message.author,
        concern=message.concern,
        text=message.text,
        now=work.now,
        seq=work.seq,
    )
    return DONE if is_new else Refuse("alert_exists", "An alert of this id is posted already.", field="alert_id")


async def alert_withdrawn(work: Work[PatientAlertWithdrawn, None]) -> Outcome:
    """The alert no longer stands, and is kept (R28). Its author may, and any administrator."""
    message = work.message
    known = await alerts.one(work.tx, message.alert_id)
    if known is None:
        return Refuse("alert_unknown", "No alert of this id was posted.", field="alert_id")
    if message.administrator is not None:
        refusal = await not_an_administrator(work, message.administrator)
        if refusal is not None:
            return refusal
    elif message.author != known.author_id:
        return Refuse("not_the_author", "Only its author or an administrator withdraws an alert (R28).", field="author")
    by = message.administrator or known.author_id
    if not await alerts.withdraw(work.tx, message.alert_id, by=by, now=work.now):
        return Refuse("alert_withdrawn", "The alert is withdrawn already.", field="alert_id")
    return DONE
