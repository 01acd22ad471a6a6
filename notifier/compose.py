"""A notice's files become three compiled templates: subject, text, HTML.

The HTML body is set into the layout and its styles are written into the elements (mail programs drop style
sheets) once, while the template is still a template: Jinja's tags travel through the inliner as comments and
plain words. Rendering then only fills in facts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import css_inline
import jinja2
import jinja2.meta
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from messages.errors import Misconfigured
from notifier.catalogue import Template
from notifier.facts import one_line
from notifier.sources import Source, Sources
from notifier.tables import ROWS_SHOWN

RENDERING_FAILS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a template of the site's own may raise when it is filled: its expressions are Python's."""
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_BARE_TABLE = re.compile(r"<table[^>]*>(?!\s*<t(?:head|body))")
_MARK = re.compile(r"<!--zqx(\d+)xqz-->|zqx(\d+)xqz")


@dataclass(frozen=True, slots=True)
class Compiled:
    """The three templates of one notice, ready to be filled, and what each is made of."""

    subject: jinja2.Template
    text: jinja2.Template
    html: jinja2.Template
    sources: tuple[Source, Source, Source]


class Composer:
    """Compiles notices from the package's templates, or an operator's folder where it has the file.

    Templates come from these two folders and never from data; they run in Jinja's sandbox, an unknown
    variable is an error, and HTML is escaped.
    """

    def __init__(self, sources: Sources, **programme: str) -> None:
        self._sources = sources
        self._text, self._html = _environment(html=False), _environment(html=True)
        for environment in (self._text, self._html):
            environment.globals.update(programme, rows_shown=ROWS_SHOWN)
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)

    def compile(self, template: Template) -> Compiled:
        """The notice's templates, checked: every name they use is a declared fact or the programme's own.

        Raises:
            Misconfigured: a file is missing, does not compile, or uses a name nobody gives; names file and line.

        """
        names = {fact.name for fact in template.facts} | {"audience"}
        subject, text, html = self._sources_of(template)
        return Compiled(
            subject=_compiled(self._text, subject, names),
            text=_compiled(self._text, text, names),
            html=_compiled(self._html, html, names | {"subject"}, inlined=self._inlined(html)),
            sources=(subject, text, html),
        )

    def fault(self, compiled: Compiled, facts: Mapping[str, object]) -> str | None:
        """Where and why the notice cannot be filled with these facts; None when it can.

        The HTML is filled as it was written, before its styles were inlined: so its lines are those of the file.
        """
        for environment, source in zip((self._text, self._text, self._html), compiled.sources, strict=True):
            try:
                environment.from_string(source.text).render(facts, audience="", subject="")
            except RENDERING_FAILS as error:
                # What Python says may repeat a fact; Jinja names only what is missing or not allowed.
                why = one_line(str(error)) if isinstance(error, jinja2.TemplateError) else type(error).__name__
                return f"{source.place_of(error)}: it fails: {why}"
        return None

    def _sources_of(self, template: Template) -> tuple[Source, Source, Source]:
        return (
            self._sources.of(template, "subject.txt"),
            self._sources.of(template, "body.txt", "layout.txt"),
            self._sources.of(template, "body.html", "layout.html"),
        )

    def _inlined(self, source: Source) -> str:
        tags: list[re.Match[str]] = []

        def hide(found: re.Match[str]) -> str:
            tags.append(found)
            mark = f"zqx{len(tags) - 1}xqz"
            return mark if found[0].startswith("{{") else f"<!--{mark}-->"

        hidden = _TAG.sub(hide, source.text)
        try:
            inlined = self._inliner.inline(hidden)
        except css_inline.InlineError as error:
            raise Misconfigured(f"{source.file}: the styles of the HTML cannot be read") from error
        found = [int(mark[1] or mark[2]) for mark in _MARK.finditer(inlined)]
        if found != list(range(len(tags))):
            # A tag where HTML allows no comment: the parser moved or dropped some.
            moved = next((at for at, mark in enumerate(found) if at != mark), len(found))
            line = source.text.count("\n", 0, tags[moved].start()) + 1 if moved < len(tags) else None
            raise Misconfigured(f"{source.place(line)}: the HTML has a tag where none may stand")
        if inlined.count("<tbody") != hidden.count("<tbody"):
            bare = _BARE_TABLE.search(source.text)
            line = source.text.count("\n", 0, bare.start()) + 1 if bare else None
            raise Misconfigured(f"{source.place(line)}: the HTML has table rows outside a <tbody>")
        return _MARK.sub(lambda mark: _shown(tags[int(mark[1] or mark[2])][0]), inlined)


def _shown(tag: str) -> str:
    return "" if tag.startswith("{#") else tag


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )


def _compiled(
    env: jinja2.Environment, source: Source, names: set[str], *, inlined: str | None = None
) -> jinja2.Template:
    try:
        read = env.parse(source.text)
        unknown = jinja2.meta.find_undeclared_variables(read) - names - set(env.globals)
        if unknown:
            line = min(one.lineno for one in read.find_all(jinja2.nodes.Name) if one.name in unknown)
            raise Misconfigured(
                f"{source.place(line)}: it uses {', '.join(sorted(unknown))}, which is not a fact of the notice"
            )
        made = env.from_string(source.text if inlined is None else inlined)
    except jinja2.TemplateSyntaxError as error:
        raise Misconfigured(f"{source.place(error.lineno)}: it does not compile: {error.message}") from error
    except jinja2.TemplateError as error:
        raise Misconfigured(f"{source.file}: it does not compile: {error}") from error
    made.globals = dict(made.globals)  # Jinja's ChainMap would be walked in Python at each rendering
    return made
