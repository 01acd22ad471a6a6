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
    ("file", "text", "told"),
    [
        ("account/locked/subject.txt", "{{ nobody_gives_this }}", "nobody_gives_this"),
        ("account/locked/body.txt", "{% if %}", "does not compile"),
        ("account/locked/body.txt", "{{ ''.__class__.__mro__ }}", "fails"),
        ("account/locked/body.txt", "{{ minutes.nothing }}", "fails"),
        ("account/locked/body.html", "<table>{% for x in [1] %}<tr></tr>{% endfor %}</table>", "tag"),
        (
            "account/locked/body.html",
            "<table><tbody>{% if 1 %}{{ minutes }}{% endif %}</tbody></table>",
            "tag",
        ),
    ],
)
def test_a_wrong_template_is_found_by_the_check(
    sender: Sender, tmp_path: Path, file: str, text: str, told: str
) -> None:
    """The process refuses to start and says which notice is wrong; templates run in a sandbox."""
    renderer = Renderer(sender, override(tmp_path, file, text))
    with pytest.raises(Misconfigured, match=r"account\.locked") as caught:
        renderer.check()
    assert told in str(caught.value)


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
