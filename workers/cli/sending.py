"""Commands that hand something in, or check it first."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import BrokerAway, Malformed
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, broker_url, site_settings
from workers.cli.presenting import hint, print_json, print_table, say

if TYPE_CHECKING:
    from messages.answer import Answer

    Report = Mapping[str, object]

_APP_ID = "pmp-cli"
_ASAP_KIND = "dispensation.file_submitted"
Seconds = Annotated[float, Parameter(name="--timeout-seconds", help="How long to wait for the answer.")]
MessageId = Annotated[str, Parameter(help="The message's own id; give the same one to send again after a doubt.")]


def check(file: Path, /, *, json: AsJson = False) -> int:
    """Check an ASAP file with the programme's rules; nothing is stored or sent. 1 when something is an error."""
    settings = site_settings()
    from messages.asap.check import check_file
    from messages.asap.severities import CheckRules
    from workers.bootstrap import now

    policy = settings.programme
    rules = CheckRules(today=policy.local_date(now()), severities=policy.check_severities)
    report = jsonlib.loads(check_file(_body(file), rules).as_json())
    if json:
        print_json(report)
    else:
        _show(file.name, report)
    return AT_FAULT if _has_errors(report) else GOOD


async def submit(
    *files: Annotated[Path, Parameter(help="ASAP files.")],
    message_id: MessageId = "",
    timeout_seconds: Seconds = 120.0,
    json: AsJson = False,
) -> int:
    """Hand in ASAP files, one after the other, and show each report. 1 when one was not taken or has errors."""
    if not files:
        raise WrongUse("Name at least one file.")
    if message_id and len(files) > 1:
        raise WrongUse("--message-id names one message: give one file with it.")
    settings = site_settings()
    from messages.envelope import ASAP
    from workers.client import Publisher, new_message_id

    bodies = [(file, _body(file)) for file in files]
    results: list[Report] = []
    code = GOOD
    async with Publisher(broker_url(settings), app_id=_APP_ID) as publisher:
        for file, body in bodies:
            own_id = message_id or new_message_id()
            try:
                answer = await publisher.ask_body(
                    _ASAP_KIND, body, content_type=ASAP, message_id=own_id, file_name=file.name,
                    timeout_seconds=timeout_seconds,
                )  # fmt: skip
            except BrokerAway:
                hint(f"{file.name} may have arrived: repeat it with --message-id {own_id}, and it counts once.")
                raise
            result = _result(answer)
            results.append(result)
            if answer.status != "accepted" or _has_errors(result):
                code = AT_FAULT
            if not json:
                _show_answer(file.name, answer)
    if json:
        print_json(results[0] if len(results) == 1 else results)
    return code


async def publish(
    kind: str,
    file: Path,
    /,
    *,
    message_id: MessageId = "",
    wait: Annotated[bool, Parameter(negative="", help="Wait for the workers' answer.")] = False,
    timeout_seconds: Seconds = 60.0,
    json: AsJson = False,
) -> int:
    """Publish one message of KIND with the body in FILE; it is RabbitMQ's when this ends. 1 when the answer is no."""
    settings = site_settings()
    from messages.registry import kinds
    from workers.client import Publisher, new_message_id

    model = kinds().get(kind)
    if model is None:
        raise WrongUse(f"No kind of that name is spoken here; there are: {', '.join(kinds())}.")
    body, own_id, answer = _body(file), message_id or new_message_id(), None
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
        except BrokerAway:
            hint(f"It may have arrived: repeat it with --message-id {own_id}, and it counts once.")
            raise
    if json:
        print_json(
            {"message_id": own_id, "kind": kind} | ({"answer": answer.model_dump(mode="json")} if answer else {})
        )
    elif answer is not None:
        _show_answer(own_id, answer)
    else:
        say(f"Published as {own_id}; `pmp trace {own_id}` tells what becomes of it.")
    return GOOD if answer is None or answer.status == "accepted" else AT_FAULT


def _body(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Malformed(f"{file} cannot be read: {error.strerror}.") from None


def _result(answer: Answer) -> Report:
    return answer.result if answer.result is not None else answer.model_dump(mode="json", exclude_none=True)


def _has_errors(report: Report) -> bool:
    faults, pharmacies = _rows(report, "faults"), _rows(report, "pharmacies")
    return (
        report.get("verdict") == "failed"
        or any(block.get("with_errors") for block in pharmacies)
        or any(fault.get("severity") in ("file", "error") for fault in faults)
    )


def _rows(report: Report, name: str) -> list[Report]:
    found = report.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list | tuple) else []


def _show_answer(name: str, answer: Answer) -> None:
    if answer.status == "accepted":
        if answer.result is not None and "verdict" in answer.result:
            _show(name, answer.result)
        else:
            say(f"{name}: accepted." + (f" {jsonlib.dumps(answer.result)}" if answer.result else ""))
        return
    say(f"{name}: {answer.status}. {answer.text or ''} ({answer.code})")
    for fault in answer.faults:
        say(f"  {fault.field}: {fault.text} ({fault.code})")
    if answer.status == "failed":
        say("It is kept as a dead letter: see `pmp dead-letters list`.")


def _show(name: str, report: Report) -> None:
    say(
        f"{name}: {str(report['verdict']).replace('_', ' ')} (ASAP {report['version']}, transaction {report['transaction']})"
    )
    blocks = _rows(report, "pharmacies")
    if blocks:
        columns = list(blocks[0])
        titles = [column.replace("_", " ") for column in columns]
        print_table("By pharmacy", titles, [[block[column] for column in columns] for block in blocks])
    faults = _rows(report, "faults")
    for fault in faults:
        say(f"  {fault['check']} {fault['severity']}: {fault['message']}")
    total = report.get("faults_total")
    if isinstance(total, int) and total > len(faults):
        say(f"  … and {total - len(faults)} more.")
