"""Each notice of the catalogue becomes a readable, valid, harmless e-mail."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.errors import Invalid, Misconfigured, RecipientRefused, UnknownKind
from notifier.catalogue import catalogue
from notifier.render import Attachment, Mail, Notice, Renderer, Sender

NAMES = [template.name for template in catalogue()]
PLANNED_AT = datetime(2026, 11, 24, 8, 41, 42, tzinfo=UTC)


def parsed(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert not message.defects
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def page_of(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def name_notice(name: str, **facts: object) -> Notice:
    given_facts = {"name": name, "expires_on": "2026-12-01", "days_left": 7} | facts
    return Notice("account.password_expiring", "robin@example.org", "k", given_facts, PLANNED_AT)


@pytest.mark.parametrize("name", NAMES)
def test_a_notice_renders_its_sample(renderer: Renderer, sender: Sender, name: str) -> None:
    """Text and HTML both say the facts, name the contact and carry the disclaimer (R27, R50)."""
    mail = renderer.preview(name)
    message = parsed(mail)
    assert 0 < len(mail.subject) <= 70
    assert message["Subject"] == mail.subject
    assert message["Auto-Submitted"] == "auto-generated"
    page = page_of(part(message, "html"))
    for shown in (part(message, "plain"), " ".join(page.words)):
        flat = " ".join(shown.split())
        for expected in (sender.contact_name, sender.contact_email, sender.contact_phone, sender.disclaimer):
            assert expected in flat
        assert not re.search(r"\bNone\b|\{\{|\{%|Undefined|zqx", shown)


@pytest.mark.parametrize("name", NAMES)
def test_a_notice_shows_every_word_of_its_sample_in_both_parts(renderer: Renderer, name: str) -> None:
    """No fact is asked for that the reader never sees."""
    message = parsed(renderer.preview(name))
    text = " ".join(part(message, "plain").split())
    html = " ".join(" ".join(page_of(part(message, "html")).words).split())
    for value in renderer.template(name).sample.values():
        if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d|/.*", value):
            assert value in text + str(message["Subject"]), f"{name}: text"
            assert value in html, f"{name}: html"


@pytest.mark.parametrize("name", NAMES)
def test_the_html_fetches_nothing_and_is_accessible(renderer: Renderer, name: str) -> None:
    """No image, no remote style, no script: links lead to the portal or the contact; the language is told."""
    html = part(parsed(renderer.preview(name)), "html")
    page = page_of(html)
    tags = {tag for tag, _, _ in page.attributes} | set(page.open)
    assert not tags & {"img", "script", "link", "iframe", "form", "object"}
    assert ("html", "lang", "en") in page.attributes
    headers = [value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")]
    assert len(headers) == html.count("<th ")
    assert set(headers) <= {"row", "col"}
    assert html.count("<h1 ") == 1
    for tag, attribute, value in page.attributes:
        assert attribute != "src"
        assert "url(" not in value
        if attribute == "href":
            assert tag == "a"
            assert value.startswith(("https://portal.example.org", "mailto:office@example.org"))


@pytest.mark.parametrize("name", NAMES)
def test_a_notice_without_its_optional_facts_says_no_none(renderer: Renderer, name: str) -> None:
    """Optional facts may be missing, and nothing in the mail shows that they are."""
    template = renderer.template(name)
    facts = {fact.name: template.sample[fact.name] for fact in template.facts if not fact.optional}
    message = parsed(renderer.preview(name, facts))
    assert "None" not in part(message, "plain") + part(message, "html")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_fact_and_an_unknown_fact_are_named(renderer: Renderer, name: str) -> None:
    """A template gets what it declares, no less, no more; the error names the fact and not its value."""
    template = renderer.template(name)
    for fact in template.facts:
        if not fact.optional:
            less = {key: value for key, value in template.sample.items() if key != fact.name}
            with pytest.raises(Invalid, match=rf"facts\.{fact.name} is missing"):
                renderer.preview(name, less)
    with pytest.raises(Invalid, match=r"facts\.patient is not declared") as caught:
        renderer.preview(name, {**template.sample, "patient": "secret"})
    assert "secret" not in str(caught.value)


def test_the_same_notice_is_the_same_bytes(renderer: Renderer, sender: Sender) -> None:
    """A second attempt, even by another process, sends the identical mail: Message-ID, Date, boundaries."""
    notice = name_notice("Robin Example")
    first = renderer.render(notice)
    assert first == renderer.render(notice) == Renderer(sender).render(notice)
    elsewhere = replace(notice, planned_at=PLANNED_AT.astimezone(timezone(timedelta(hours=-5))))
    assert renderer.render(elsewhere).content == first.content


def test_another_occasion_recipient_or_notice_has_another_message_id(renderer: Renderer) -> None:
    """A receiver that drops twins never drops a mail of its own."""
    notice = name_notice("Robin Example")
    others = (replace(notice, key="k2"), replace(notice, recipient="sam@example.org"))
    ids = {renderer.render(each).message_id for each in (notice, *others)}
    assert len(ids) == 3


HOSTILE = [
    "Robin\r\nBcc: evil@example.org",
    "Robin\nBcc: evil@example.org\n\nbody",
    "\u202egro.elpmaxe\u202c",
    "=?utf-8?b?QmNjOiBldmlsQGV4YW1wbGUub3Jn?=",
    "<script>alert(1)</script>",
    "{{ programme_name }}{% include 'x' %}",
    "zqx0xqz<!--zqx1xqz-->",
    "\x00\x1b[31mRobin\x7f",
    "\ud800\udfff",
    "x" * 5000,
    "\u2028\u2029\u200b\ufeff",
    "--=_boundary--",
    "'\"><a href='https://evil.example.org'>",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_fact_reaches_the_headers_or_the_markup(renderer: Renderer, hostile: str) -> None:
    """Line breaks, markup, template tags, direction marks: a name is only ever shown as text."""
    innocent = parsed(renderer.render(name_notice("Robin")))
    mail = renderer.render(name_notice(hostile))
    message = parsed(mail)
    assert message.keys() == innocent.keys()
    assert [each.get_content_type() for each in message.walk()] == [each.get_content_type() for each in innocent.walk()]
    page = page_of(part(message, "html"))
    innocent_page = page_of(part(innocent, "html"))
    assert page.attributes == innocent_page.attributes
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]", part(message, "plain"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_fact_breaks_out_of_the_subject(renderer: Renderer, hostile: str) -> None:
    """A subject with a fact in it stays one header of at most 70 characters that decodes as meant."""
    facts = {**renderer.template("registration.received").sample, "reference": hostile}
    notice = Notice("registration.received", "robin@example.org", "k", facts, PLANNED_AT)
    mail = renderer.render(notice)
    message = parsed(mail)
    assert message["Subject"] == mail.subject
    assert len(mail.subject) <= 70
    assert message["Bcc"] is None


@given(name=st.text(max_size=300), key=st.text(max_size=50))
def test_any_text_survives_the_wire(renderer: Renderer, name: str, key: str) -> None:
    """Whatever the name, the mail parses without defects, is 7-bit in lines of at most 998 octets."""
    notice = replace(name_notice(name), key=key)
    mail = renderer.render(notice)
    message = parsed(mail)
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998
    assert mail.content.count(b"\n") == mail.content.count(b"\r\n") == mail.content.count(b"\r")
    assert mail.content.endswith(b"\r\n")
    assert mail == renderer.render(notice)
    assert re.sub(r"\W", "", name) in re.sub(r"\W", "", part(message, "plain"))


@given(reason=st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), max_size=2000))
def test_prose_in_any_script_arrives_letter_for_letter(renderer: Renderer, reason: str) -> None:
    """The reason an administrator wrote is the reason the applicant reads."""
    facts = {**renderer.template("registration.rejected").sample, "reason": reason}
    message = parsed(renderer.preview("registration.rejected", facts))
    text = "".join(part(message, "plain").split())
    assert "".join(reason.split()).replace("\u00ad", "") in text


def test_an_attachment_comes_back_as_it_was(renderer: Renderer) -> None:
    """The complete list of faults rides along as a file, whatever its line ends and letters."""
    rows = "check,message\r\nR11,Menge ungültig\n.\r\n"
    notice = replace(name_notice("R"), attachments=(Attachment("../faults\r\n.csv", "text/csv", rows),))
    message = parsed(renderer.render(notice))
    assert message.get_content_type() == "multipart/mixed"
    (file,) = message.iter_attachments()
    assert isinstance(file, EmailMessage)
    assert file.get_filename() == "faults_.csv"
    payload = file.get_payload(decode=True)
    assert payload == rows.encode()


def test_a_digest_carries_a_list_id_and_other_notices_do_not(renderer: Renderer) -> None:
    """Mail programs can sort the regular lists; a notice to one person is no list."""
    assert parsed(renderer.preview("review.due_digest"))["List-Id"] == "<review.due-digest.example.org>"
    assert parsed(renderer.preview("account.locked"))["List-Id"] is None


def test_a_link_leads_to_the_portal_only(renderer: Renderer) -> None:
    """A path is completed; an address on any other host, or no address, is refused without repeating it."""
    sample = renderer.template("account.password_reset").sample
    whole = {**sample, "link": "https://portal.example.org/reset/abc"}
    assert "https://portal.example.org/reset/abc" in part(
        parsed(renderer.preview("account.password_reset", whole)), "plain"
    )
    for foreign in (
        "https://evil.example.org/reset",
        "https://portal.example.org@evil.example.org/",
        "//evil.example.org/",
        "javascript:alert(1)",
        "/x\r\ny",
        "/x\\y",
        "http://portal.example.org/reset",
    ):
        with pytest.raises(Invalid) as caught:
            renderer.preview("account.password_reset", {**sample, "link": foreign})
        assert "evil" not in str(caught.value)


def test_an_international_mailbox_is_written_as_it_is(renderer: Renderer) -> None:
    """SMTPUTF8: only the address itself leaves ASCII."""
    mail = renderer.render(replace(name_notice("R"), recipient="jörg@example.org"))
    assert mail.recipient == "jörg@example.org"
    assert "To: <jörg@example.org>\r\n" in mail.content.decode()


def test_a_recipient_that_is_none_is_refused(renderer: Renderer) -> None:
    """The refusal does not repeat the address."""
    with pytest.raises(RecipientRefused) as caught:
        renderer.render(replace(name_notice("R"), recipient="robin@example.org\r\nBcc: x@example.org"))
    assert "robin" not in str(caught.value)


def test_an_unknown_notice_is_named(renderer: Renderer) -> None:
    """A kind nobody wrote a template for is a permanent error."""
    with pytest.raises(UnknownKind, match=r"registration\.unheard_of"):
        renderer.preview("registration.unheard_of")


def test_a_naive_time_is_a_bug() -> None:
    """Times are aware."""
    with pytest.raises(ValueError, match="aware"):
        Notice("account.locked", "r@example.org", "k", {}, datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_address", "pmp@example.org\r\nBcc: x@example.org"),
        ("contact_email", "nobody"),
        ("from_name", "Sample\nPMP"),
        ("portal_url", "javascript:alert(1)"),
        ("message_id_domain", "example.org>\r\n"),
    ],
)
def test_a_sender_that_cannot_be_one_is_refused_at_start(sender: Sender, field: str, value: str) -> None:
    """The error names the setting."""
    with pytest.raises(Misconfigured, match=field):
        replace(sender, **{field: value})


@pytest.mark.parametrize(
    ("file_name", "shown"),
    [
        ("x" * 100 + ".dat", "File status report: " + "x" * 47 + "..."),
        (
            "the long name of a file that somebody has written out in words.dat",
            "the long name of a file that somebody has...",
        ),
        ("Übergröße_日本.dat", "File status report: Übergröße_日本.dat"),
        ("a.dat\r\nBcc: evil@example.org", "File status report: a.dat Bcc: evil@example.org"),
    ],
)
def test_a_subject_names_the_file_as_far_as_it_goes(renderer: Renderer, file_name: str, shown: str) -> None:
    """A name without a space is cut within, not left out."""
    sample = renderer.template("submission.status_report").sample
    mail = renderer.preview("submission.status_report", {**sample, "file_name": file_name})
    assert mail.subject.endswith(shown)
    assert parsed(mail)["Subject"] == mail.subject
    assert parsed(mail)["Bcc"] is None


def test_a_senders_international_domain_is_written_in_ascii(sender: Sender) -> None:
    """In the headers and at hand-over, so that every mail server takes it; readers see the name."""
    own = replace(sender, from_address="pmp@bücher.example")
    mail = Renderer(replace(own, reply_to="answers@bücher.example")).preview("account.locked")
    assert mail.content.isascii()
    assert mail.sender == "pmp@xn--bcher-kva.example"
    assert mail.message_id.endswith("@xn--bcher-kva.example>")
    assert parsed(mail)["Reply-To"] == "answers@xn--bcher-kva.example"


def test_a_sender_with_letters_beyond_ascii_is_encoded(sender: Sender) -> None:
    """The name arrives as written, the header stays ASCII."""
    mail = Renderer(replace(sender, from_name='Prüfstelle "Süd", Example')).preview("account.locked")
    assert mail.content.isascii()
    assert parsed(mail)["From"].addresses[0].display_name == 'Prüfstelle "Süd", Example'
