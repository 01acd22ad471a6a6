"""Commands that hand something in, or check it first."""

from __future__ import annotations

import json as jsonlib
from asyncio import CancelledError
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import BrokerAway, PmpError
from workers.cli import bodies
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.kinds import KindName, model_of
from workers.cli.opened import AsJson, broker_url, site_settings
from workers.cli.options import MessageId, Seconds
from workers.cli.presenting import hint, print_json, say
from workers.cli.progress import progress_bar
from workers.cli.reports import has_errors, result_of, show_answer, show_report

if TYPE_CHECKING:
    from messages.answer import Answer
    from workers.cli.bodies import Body
    from workers.cli.reports import Report
    from workers.client import Publisher

_APP_ID = "pmp-cli"
_ASAP_KIND = "dispensation.file_submitted"


def check(file: Annotated[Path, Parameter(help="An ASAP file; a gzipped one too.")], /, *, json: AsJson = False) -> int:
    """Check an ASAP file with the programme's rules; nothing is stored or sent. 1 when something is an error."""
    settings = site_settings()
    from handlers.reading import file_rules
    from messages.asap.check import check_file
    from messages.codec import Limits
    from workers.bootstrap import now

    body = bodies.read_unpacked(file, bytes_max=Limits().file_unpacked_bytes_max)
    report = jsonlib.loads(check_file(body, file_rules(settings.programme, now())).as_json())
    if json:
        print_json(report)
    else:
        show_report(file.name, report)
    return AT_FAULT if has_errors(report) else GOOD


async def submit(
    *files: Annotated[Path, Parameter(help="ASAP files; gzipped ones too.")],
    message_id: MessageId = "",
    gzip: Annotated[bool | None, Parameter(help="Gzip what is not; left out: files from 64 KiB on.")] = None,
    timeout_seconds: Seconds = 120.0,
    json: AsJson = False,
) -> int:
    """Hand in ASAP files, one after the other, and show each report. 1 when one was not taken or has errors."""
    if not files:
        raise WrongUse("Name at least one file.")
    if message_id and len(files) > 1:
        raise WrongUse("--message-id names one message: give one file with it.")
    bodies.refuse_unreadable(files)
    settings = site_settings()
    from workers.client import Publisher

    run, code = _Run(files, message_id), GOOD
    try:
        async with Publisher(broker_url(settings), app_id=_APP_ID) as publisher:
            with progress_bar("Handing in", len(files), quiet=json) as bar:
                for file in files:
                    body = bodies.packed(file, use_gzip=gzip, bytes_max=settings.file_bytes_max)
                    answer = await run.handed_in(publisher, file, body, timeout_seconds)
                    bar.advance()
                    if answer.status != "accepted" or has_errors(run.results[-1]):
                        code = AT_FAULT
                    if not json:
                        with bar.aside():
                            show_answer(file.name, answer)
    except (PmpError, CancelledError):  # Ctrl-C cancels
        run.hint_at_the_rest()
        raise
    finally:
        if json:
            results = run.of_each()
            print_json(results[0] if len(files) == 1 else results)
    return code


@dataclass(slots=True)
class _Run:
    """Files handed in one after the other; whatever ends it early, what became of each is told."""

    files: Sequence[Path]
    message_id: str
    results: list[Report] = field(default_factory=list)
    _asked_as: str = ""
    """The id of the message that is under way."""

    async def handed_in(self, publisher: Publisher, file: Path, body: Body, timeout_seconds: float) -> Answer:
        """Return the workers' answer; its report is kept."""
        from messages.envelope import ASAP
        from workers.client import new_message_id

        self._asked_as = self.message_id or new_message_id()
        answer = await publisher.ask_body(
            _ASAP_KIND, body.wire, content_type=ASAP, content_encoding=body.content_encoding, message_id=self._asked_as,
            file_name=file.name, timeout_seconds=timeout_seconds,
        )  # fmt: skip
        self._asked_as = ""
        self.results.append(result_of(answer))
        return answer

    def of_each(self) -> list[Report]:
        """Return a report for each file, in their order; of the rest, that it may have arrived, or was not sent."""
        told = list(self.results)
        for file in self.files[len(told) :]:
            if self._asked_as and len(told) == len(self.results):
                told.append({"status": "unknown", "file_name": file.name, "message_id": self._asked_as})
            else:
                told.append({"status": "not_sent", "file_name": file.name})
        return told

    def hint_at_the_rest(self) -> None:
        """What has no report is named, with what to do about it."""
        rest = [file.name for file in self.files[len(self.results) :]]
        if self._asked_as:
            hint(f"{rest.pop(0)} may have arrived: repeat it with --message-id {self._asked_as}, and it counts once.")
        if rest:
            hint(f"Not sent: {', '.join(rest)}.")


async def publish(
    kind: KindName,
    file: Annotated[Path, Parameter(help="The body: JSON, or an ASAP file.")],
    /,
    *,
    message_id: MessageId = "",
    wait: Annotated[bool, Parameter(negative="", help="Wait for the workers' answer.")] = False,
    timeout_seconds: Seconds = 60.0,
    json: AsJson = False,
) -> int:
    """Publish one message of KIND with the body in FILE; it is RabbitMQ's when this ends. 1 when the answer is no."""
    settings = site_settings()
    from workers.client import Publisher, new_message_id

    model = model_of(kind)
    body, own_id, answer = bodies.read(file), message_id or new_message_id(), None
    async with Publisher(broker_url(settings), app_id=_APP_ID) as publisher:
        try:
            if wait:
                answer = await publisher.ask_body(
                    kind, body, content_type=model.content_type, message_id=own_id, file_name=file.name,
                    timeout_seconds=timeout_seconds,
                )  # fmt: skip
            else:
                await publisher.publish_body(
                    kind, body, content_type=model.content_type, message_id=own_id, file_name=file.name
                )
        except (BrokerAway, CancelledError):
            hint(f"It may have arrived: repeat it with --message-id {own_id}, and it counts once.")
            raise
    if json:
        print_json(
            {"message_id": own_id, "kind": kind} | ({"answer": answer.model_dump(mode="json")} if answer else {})
        )
    elif answer is not None:
        show_answer(own_id, answer)
    else:
        say(f"Published as {own_id}; `pmp trace {own_id}` tells what becomes of it.")
    return GOOD if answer is None or answer.status == "accepted" else AT_FAULT
