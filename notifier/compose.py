"""A notice's files become three compiled templates: subject, text, HTML.

The HTML body is set into the layout and its styles are written into the elements (mail programs drop style
sheets) once, while the template is still a template: Jinja's tags travel through the inliner as comments and
plain words. Rendering then only fills in facts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import css_inline
import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from messages.errors import Misconfigured
from notifier.catalogue import TEMPLATES, Template
from notifier.tables import ROWS_SHOWN

_BODY = "<!-- the notice -->"
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile(r"<!--zqx(\d+)xqz-->|zqx(\d+)xqz")


@dataclass(frozen=True, slots=True)
class Compiled:
    """The three templates of one notice, ready to be filled."""

    subject: jinja2.Template
    text: jinja2.Template
    html: jinja2.Template


class Composer:
    """Compiles notices from the package's templates, or an operator's folder where it has the file.

    Templates come from these two folders and never from data; they run in Jinja's sandbox, an unknown
    variable is an error, and HTML is escaped.
    """

    def __init__(self, overrides: Path | None, **programme: str) -> None:
        if overrides is not None and not overrides.is_dir():
            raise Misconfigured("the folder of the programme's own e-mail templates does not exist")
        self._overrides = overrides
        self._text, self._html = _environment(html=False), _environment(html=True)
        for environment in (self._text, self._html):
            environment.globals.update(programme, rows_shown=ROWS_SHOWN)
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)

    def compile(self, template: Template) -> Compiled:
        """The notice's templates, checked: every name they use is a declared fact or the programme's own.

        Raises:
            Misconfigured: a file is missing, does not compile, or uses a name nobody gives; names the notice.

        """
        names = {fact.name for fact in template.facts} | {"audience"}
        body_text = self._source(template, "body.txt")
        text = self._source(None, "layout.txt").replace(_BODY, body_text)
        html = self._source(None, "layout.html").replace(_BODY, self._source(template, "body.html"))
        return Compiled(
            subject=_compiled(self._text, self._source(template, "subject.txt"), template, names),
            text=_compiled(self._text, text, template, names),
            html=_compiled(self._html, self._inlined(html, template), template, names | {"subject"}),
        )

    def _source(self, template: Template | None, file: str) -> str:
        relative = Path(file) if template is None else Path(*template.name.split("."), file)
        folders = (self._overrides, TEMPLATES) if self._overrides is not None else (TEMPLATES,)
        for folder in folders:
            if (folder / relative).is_file():
                return (folder / relative).read_text("utf-8")
        raise Misconfigured(f"the e-mail template {relative} does not exist")

    def _inlined(self, html: str, template: Template) -> str:
        tags: list[str] = []

        def hide(found: re.Match[str]) -> str:
            tag = found[0]
            tags.append("" if tag.startswith("{#") else tag)
            mark = f"zqx{len(tags) - 1}xqz"
            return mark if tag.startswith("{{") else f"<!--{mark}-->"

        hidden = _TAG.sub(hide, html)
        try:
            inlined = self._inliner.inline(hidden)
        except css_inline.InlineError as error:
            raise Misconfigured(f"notice {template.name}: the styles of the HTML cannot be read") from error
        found = [int(mark[1] or mark[2]) for mark in _MARK.finditer(inlined)]
        if found != list(range(len(tags))) or inlined.count("<tbody") != hidden.count("<tbody"):
            # A tag where HTML allows no comment, or rows without <tbody>: the parser moved or added some.
            raise Misconfigured(f"notice {template.name}: the HTML has a tag where none may stand")
        return _MARK.sub(lambda mark: tags[int(mark[1] or mark[2])], inlined)


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )


def _compiled(env: jinja2.Environment, source: str, template: Template, names: set[str]) -> jinja2.Template:
    try:
        unknown = jinja2.meta.find_undeclared_variables(env.parse(source)) - names - set(env.globals)
        if unknown:
            raise Misconfigured(
                f"notice {template.name}: its template uses {', '.join(sorted(unknown))}, "
                "which is not a fact of the notice"
            )
        made = env.from_string(source)
    except jinja2.TemplateError as error:
        raise Misconfigured(f"notice {template.name}: its template does not compile: {error}") from error
    made.globals = dict(made.globals)  # Jinja's ChainMap would be walked in Python at each rendering
    return made
