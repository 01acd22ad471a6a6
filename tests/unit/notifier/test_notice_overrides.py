"""A programme's own templates replace the package's, and a wrong one is found before it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from messages.errors import Misconfigured
from notifier.catalogue import catalogue
from notifier.render import Renderer, Sender


def override(folder: Path, file: str, text: str) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def test_a_file_in_the_folder_replaces_the_one_of_that_name(sender: Sender, tmp_path: Path) -> None:
    """One file is replaced, its neighbours stay the package's."""
    folder = override(tmp_path, "account/locked/subject.txt", "Locked: {{ minutes }} min, {{ programme_short }}")
    mail = Renderer(sender, folder).preview("account.locked")
    assert mail.subject == "Locked: 10 min, SPMP"
    assert b"Several attempts to sign in" in mail.content


def test_the_layout_can_be_replaced(sender: Sender, tmp_path: Path) -> None:
    """The programme's own frame goes round every notice."""
    folder = override(tmp_path, "layout.txt", "{% macro details(p) %}{% endmacro %}OWN FRAME\n<!-- the notice -->")
    assert b"OWN FRAME" in Renderer(sender, folder).preview("account.locked").content


@pytest.mark.parametrize(
    ("file", "text", "line", "told"),
    [
        ("account/locked/subject.txt", "{{ nobody_gives_this }}", 1, "it uses nobody_gives_this, which is no"),
        ("account/locked/body.txt", "one\ntwo {{ minuets }}\n", 2, "it uses minuets"),
        ("account/locked/body.txt", "one\n\n{% if %}", 3, "it does not compile"),
        ("account/locked/body.txt", "{{ ''.__class__.__mro__ }}", 1, "it fails: access to attribute '__class__'"),
        ("account/locked/body.txt", "one\n{{ minutes.nothing }}", 2, "it fails: 'int object' has no attribute"),
        ("account/locked/body.html", "<p>one</p>\n<p>{{ minutes / 0 }}</p>", 2, "it fails: ZeroDivisionError"),
        ("account/locked/body.html", "<p>\n{{ minutes|no_such }}</p>", 2, "it does not compile: No filter"),
        (
            "account/locked/body.html",
            "<p>\n<table>{% for x in [1] %}<tr></tr>{% endfor %}</table>",
            2,
            "the HTML has table rows outside a <tbody>",
        ),
        (
            "layout.txt",
            "{% macro details(p) %}{% endmacro %}\n<!-- the notice -->\n\n{{ nobody }}\n",
            4,
            "it uses nobody",
        ),
        ("layout.html", "<p>\n<!-- the notice -->\n{% endif %}", 3, "it does not compile"),
    ],
)
def test_a_wrong_template_is_told_with_file_line_and_reason(
    sender: Sender, tmp_path: Path, file: str, text: str, line: int, told: str
) -> None:
    """The process refuses to start; templates run in a sandbox."""
    renderer = Renderer(sender, override(tmp_path, file, text))
    with pytest.raises(Misconfigured) as caught:
        renderer.check()
    assert f"{tmp_path / file}, line {line}: {told}" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "account/locked/body.html",
            "<table><tbody>{% if 1 %}{{ minutes }}{% endif %}</tbody></table>",
            "a tag where none",
        ),
        ("layout.txt", "Hello.", "it has no line <!-- the notice -->"),
        ("account/lockt/body.txt", "Hello.", "it replaces nothing"),
        ("account/locked/notice.toml", "", "it replaces nothing"),
    ],
)
def test_a_file_that_cannot_be_of_use_is_told(sender: Sender, tmp_path: Path, file: str, text: str, told: str) -> None:
    """A mistyped name too: it would never be looked at."""
    with pytest.raises(Misconfigured) as caught:
        Renderer(sender, override(tmp_path, file, text)).check()
    assert str(tmp_path / file) in str(caught.value)
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(sender: Sender, tmp_path: Path) -> None:
    """Each once; a fault of the layout not for every notice."""
    macros = "{% macro details(p) %}{% endmacro %}{% macro points(p) %}{% endmacro %}"
    override(tmp_path, "layout.txt", macros + "{{ nobody }}\n<!-- the notice -->")
    override(tmp_path, "account/locked/subject.txt", "{{ minuets }}")
    override(tmp_path, "ticket/closed/subject.txt", "{% if %}")
    with pytest.raises(Misconfigured) as caught:
        Renderer(sender, tmp_path).check()
    first, *rest = str(caught.value).splitlines()
    assert first == "These e-mail templates are wrong:"
    assert [line.strip().partition(",")[0] for line in rest] == [
        str(tmp_path / "layout.txt"), str(tmp_path / "account/locked/subject.txt"),
        str(tmp_path / "ticket/closed/subject.txt"),
    ]  # fmt: skip


def test_a_template_that_cannot_do_without_an_optional_fact_is_found(sender: Sender, tmp_path: Path) -> None:
    """Its sample alone would not show that the first real e-mail fails."""
    override(tmp_path, "submission/status_report/subject.txt", "Report: {{ file_name[:20] }}")
    with pytest.raises(Misconfigured, match=r"subject\.txt, line 1: it fails: TypeError"):
        Renderer(sender, tmp_path).check()


def test_a_folder_that_does_not_exist_is_refused(sender: Sender, tmp_path: Path) -> None:
    """A misspelt folder never means "no overrides"."""
    with pytest.raises(Misconfigured):
        Renderer(sender, tmp_path / "nowhere")


def test_every_notice_of_the_package_passes_the_check(renderer: Renderer) -> None:
    """What is shipped works."""
    renderer.check()


def test_the_catalogue_tells_what_each_notice_is_for() -> None:
    """Each has a purpose, an audience, a rule, a policy for the unknown, a deadline."""
    for template in catalogue():
        assert template.purpose.endswith(".")
        assert template.rule.startswith("R")
        assert template.deadline_days > 0
        assert template.on_unknown in ("resend", "hold")


@pytest.mark.parametrize(
    "toml",
    ["", "purpose = 1", "= broken", 'purpose = "x"\n[facts]\na = "unheard of"'],
)
def test_an_entry_that_says_too_little_is_refused_by_name(tmp_path: Path, toml: str) -> None:
    """The folder with the wrong notice.toml is named."""
    override(tmp_path, "account/odd/notice.toml", toml)
    with pytest.raises(Misconfigured, match=r"account\.odd"):
        catalogue(tmp_path)
