"""Patient: keys are merged and split by decision, alerts are posted and withdrawn (R28). Nothing of it is ever lost."""

from __future__ import annotations

from handlers.actors import not_an_administrator
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.patients import key_of
from handlers.work import Work
from messages.patient import PatientAlertPosted, PatientAlertWithdrawn, PatientMerged, PatientSplit
from store import accounts, alerts, patients, treatments


async def merged(work: Work[PatientMerged, None]) -> Outcome:
    """All keys of the patients stand for one from now on; its treatments are counted again."""
    message = work.message
    refusal = await not_an_administrator(work, message.administrator)
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


async def alert_posted(work: Work[PatientAlertPosted, None]) -> Outcome:
    """The alert is kept with its author, and administrators find it in their list (R28). Nobody else is told."""
    message = work.message
    author = await accounts.one(work.tx, message.author)
    if author is None or author.state != "active":
        return Refuse("account_not_active", "The author has no active account.", field="author")
    is_new = await alerts.post(
        work.tx,
        message.alert_id,
        patient_key=key_of(message.patient),
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
