"""A dentist's access, from the form to the second reinstatement.

Dana Dentist registers, follows the link in the mailbox and sends the two documents; one bears no notary's seal and
comes again. An administrator asks a question, is answered, and approves. Dana logs in. Ninety days later nine warnings
and a notice have come, and the login is refused: the password has expired. Dana guesses until the
address is locked, and asks for a new password, as does somebody with an address that nobody has; the link works once.
Later Dana does not answer an investigation and is suspended until a date; when it comes the account is active again.
Then the CSP registration lapses, and is renewed (R1-R6, R13, R14, R20, R21, R30-R37).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pydantic import JsonValue

from messages.account import (
    AccountLoginAttempted,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountSuspended,
)
from messages.approval import ApprovalAdministratorDecided
from messages.credential import CredentialChanged
from messages.registration import (
    RegistrationEmailVerified,
    RegistrationInformationSupplied,
    RegistrationVerificationRequested,
)
from tests.stories.conftest import Settle
from tests.stories.people import ADMINISTRATOR, Person, approves, is_judged, shows, submits
from tests.stories.place import Place
from tests.stories.portal import Secret

BEGINS_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
DANA = Person("Dana", "Dentist", "Dentist")
STRANGER = "nobody@example.org"
RENEWED = "Another-Summer-2026!"
APPROVED_ON = date(2026, 3, 6)
EXPIRES_ON = date(2026, 6, 4)


async def test_a_dentists_access(settle: Settle) -> None:
    """The whole story, each step as Dana and the administrators live it."""
    place = await settle(BEGINS_AT)
    await registers_and_verifies(place)
    await shows_documents(place)
    await is_asked_and_approved(place)
    await lets_the_password_expire(place)
    await tries_too_often(place)
    await chooses_a_new_one(place)
    await is_suspended_until_a_date(place)
    await loses_and_renews_the_csp(place)
    await place.is_in_order()


async def registers_and_verifies(place: Place) -> None:
    """The first link is too old when Dana finds it; the second works, and works once (R13)."""
    await submits(place, DANA)
    received, verification = await place.reads(DANA.email)
    assert "We have received your registration (Dana)" in received.subject
    assert "Notarized identity-verification form: not yet received" in received.text
    await place.day_comes(date(2026, 3, 5))
    assert await follows(place, verification.link) == "link_expired"
    await place.portal.does(RegistrationVerificationRequested, registration_id=DANA.name)
    second = await place.reads_one(DANA.email, "confirm your e-mail address")
    assert await follows(place, verification.link) == "link_unknown"
    assert await follows(place, second.link) is None
    assert await follows(place, second.link) == "already_verified"


async def follows(place: Place, link: tuple[str, str]) -> str | None:
    """Dana follows a link; why it does not work."""
    answer = await place.portal.ask(RegistrationEmailVerified, registration_id=link[0], token=Secret(link[1]))
    return answer.code


async def shows_documents(place: Place) -> None:
    """Each wrong document is told with what it lacks; nobody approves before both are accepted (R4, R14)."""
    wanted = await place.reads_one(DANA.email, "Documents needed")
    assert "Copy of a government-issued photo ID: not yet received" in wanted.text
    for document in ("identity_form", "photo_id"):
        await shows(place, DANA, document)
    assert await place.reads(DANA.email) == []
    await is_judged(place, DANA, "photo_id")
    await is_judged(place, DANA, "identity_form", "signature")
    wanted = await place.reads_one(DANA.email, "Documents needed")
    assert "a signature or the notary's seal is missing" in wanted.text
    assert "photo ID" not in wanted.text
    answer = await approves(place, DANA)
    assert (answer.status, answer.code) == ("refused", "not_ready")
    assert [(fault.field, fault.code) for fault in answer.faults] == [("documents.identity_form", "document_deficient")]
    await shows(place, DANA, "identity_form", version=2)
    await is_judged(place, DANA, "identity_form", version=2)


async def is_asked_and_approved(place: Place) -> None:
    """A question pauses the registration until it is answered (R6); the approval repeats the particulars (R14)."""
    question = "Which of your two practices is the main one?"
    await place.portal.does(
        ApprovalAdministratorDecided, registration_id=DANA.name, decision="want_information",
        administrator=ADMINISTRATOR, question=question,
    )  # fmt: skip
    assert question in (await place.reads_one(DANA.email, "A question about your registration")).text
    await place.day_comes(APPROVED_ON)
    digest = await place.reads(ADMINISTRATOR)
    assert all("Dana" not in letter.text for letter in digest), "it waits on the applicant, not on an administrator"
    assert await logs_in(place, DANA.password) == "wrong"
    await place.portal.does(RegistrationInformationSupplied, registration_id=DANA.name, answer="The one in Hartford.")
    assert (await approves(place, DANA)).status == "accepted"
    approved = await place.reads_one(DANA.email, "Your registration is approved")
    assert "CSP.Dana" in approved.text
    assert "1980" not in approved.text
    assert await reminder_at_login(place) == (90, False)


async def logs_in(place: Place, password: str) -> str | None:
    """Dana types a password; why it lets nobody in."""
    answer = await place.portal.ask(AccountLoginAttempted, address=DANA.email, password=Secret(password))
    assert answer.status == ("accepted" if answer.code is None else "refused")
    return answer.code


async def reminder_at_login(place: Place) -> tuple[JsonValue, JsonValue]:
    """Dana logs in; for how many days the password still works, and whether the portal reminds of that (R34)."""
    granted = await place.portal.does(AccountLoginAttempted, address=DANA.email, password=Secret(DANA.password))
    return granted["days_left"], granted["remind"]


async def lets_the_password_expire(place: Place) -> None:
    """Nine warnings on nine days, a login warns no second time on its day, one notice, and no more (R33-R35)."""
    await place.day_comes(EXPIRES_ON - timedelta(days=10))
    assert await place.reads(DANA.email) == []
    for days_left in range(9, 0, -1):
        await place.days_pass_until(EXPIRES_ON - timedelta(days=days_left))
        if days_left in (9, 1):
            assert await reminder_at_login(place) == (days_left, True)
        when = "tomorrow" if days_left == 1 else f"in {days_left} days"
        await place.reads_one(DANA.email, f"Your password expires {when}")
    await place.days_pass_until(EXPIRES_ON)
    await place.reads_one(DANA.email, "Your password has expired")
    assert await logs_in(place, DANA.password) == "expired"
    await place.days_pass_until(EXPIRES_ON + timedelta(days=3))
    assert await place.reads(DANA.email) == []


async def tries_too_often(place: Place) -> None:
    """Unsure which password it was, Dana tries four times: locked, and told so; the right one waits, too (R37)."""
    assert [await logs_in(place, "Wintertime-2026!") for _ in range(4)] == ["wrong", "wrong", "wrong", "locked"]
    await place.reads_one(DANA.email, "Your account is locked for 10 minutes")
    assert await logs_in(place, DANA.password) == "locked"


async def chooses_a_new_one(place: Place) -> None:
    """Known or not, an address is answered alike; only a known one gets mail, whose link works once and lifts the lock (R36)."""
    known = await place.portal.ask(AccountPasswordResetRequested, address=DANA.email.upper())
    unknown = await place.portal.ask(AccountPasswordResetRequested, address=STRANGER)
    assert known.model_dump(exclude={"message_id"}) == unknown.model_dump(exclude={"message_id"})
    assert await place.reads(STRANGER) == []
    reset_id, token = (await place.reads_one(DANA.email, "Reset your password")).link
    link = {"reset_id": reset_id, "token": Secret(token)}
    assert await place.portal.is_refused(AccountPasswordReset, **link, password=Secret("short")) == "password_too_weak"
    assert (
        await place.portal.is_refused(AccountPasswordReset, **link, password=Secret(DANA.password))
        == "password_unchanged"
    )
    result = await place.portal.does(AccountPasswordReset, **link, password=Secret(RENEWED))
    assert result["expires_on"] == (place.today + timedelta(days=90)).isoformat()
    await place.reads_one(DANA.email, "Your password was changed")
    again = {**link, "password": Secret("Third-Try-2026!")}
    assert await place.portal.is_refused(AccountPasswordReset, **again) == "link_not_valid"
    assert await logs_in(place, RENEWED) is None
    assert await logs_in(place, DANA.password) == "wrong"


async def is_suspended_until_a_date(place: Place) -> None:
    """Dana is told why and until when, may not log in meanwhile, and may again on that day (R20)."""
    until = place.today + timedelta(days=7)
    await place.portal.does(
        AccountSuspended, account_id=DANA.name, administrator=ADMINISTRATOR, ground="not_cooperating",
        reason="Two letters have not been answered.", until=until,
    )  # fmt: skip
    told = await place.reads_one(DANA.email, "Your account is suspended")
    assert "Two letters have not been answered." in told.text
    assert f"{until:%B} {until.day}, {until.year}" in told.text
    await place.day_comes(until - timedelta(days=1))
    assert await logs_in(place, RENEWED) == "not_active"
    assert await place.reads(DANA.email) == []
    await place.days_pass_until(until)
    await place.reads_one(DANA.email, "Your account is active again")
    assert await logs_in(place, RENEWED) is None


async def loses_and_renews_the_csp(place: Place) -> None:
    """Warned four times, then suspended by the date; the renewal lifts that and nothing else has to be done (R21)."""
    lapses_on = place.today + timedelta(days=31)
    csp = {"credential": "csp", "number": "CSP.Dana", "status": "active"}
    await place.portal.does(CredentialChanged, **csp, expires_on=lapses_on)
    for days_left in (30, 14, 7, 1):
        await place.day_comes(lapses_on - timedelta(days=days_left))
        when = "tomorrow" if days_left == 1 else f"in {days_left} days"
        await place.reads_one(DANA.email, f"A credential of yours expires {when}")
        if days_left > 7:
            await place.days_pass_until(place.today + timedelta(days=1))
            assert await place.reads(DANA.email) == []
    await place.days_pass_until(lapses_on)
    lapsed = await place.reads_one(DANA.email, "A credential has lapsed and your account is suspended")
    assert "Controlled-substance registration (CSP)" in lapsed.text
    assert await logs_in(place, RENEWED) == "not_active"
    await place.days_pass_until(lapses_on + timedelta(days=1))
    digest = await place.reads(ADMINISTRATOR)
    assert "Dana: Controlled-substance registration (CSP)" in digest[-1].text
    renewed = await place.portal.does(CredentialChanged, **csp, expires_on=lapses_on + timedelta(days=730))
    assert renewed["accounts_changed"] == 1
    await place.reads_one(DANA.email, "Your account is active again")
    assert await logs_in(place, RENEWED) is None
