"""The files that templates are made of: found in the package or the site's own folder, and their lines found again in a fault."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from messages.errors import Misconfigured
from notifier.catalogue import TEMPLATES, Template

_BODY = "<!-- the notice -->"


@dataclass(frozen=True, slots=True)
class Source:
    """A template's text as it is compiled: a file, or a notice's body within the layout.

    Args:
        text: both together.
        file: the notice's own.
        layout: what is around it, if anything.
        before: the layout's line breaks before the body.
        within: the body's own line breaks.

    """

    text: str
    file: Path
    layout: Path | None = None
    before: int = 0
    within: int = 0

    def place(self, line: int | None) -> str:
        """The file and the line in it, of a line of the whole."""
        if line is None:
            return str(self.file)
        if self.layout is None or self.before < line <= self.before + 1 + self.within:
            return f"{self.file}, line {line - self.before}"
        return f"{self.layout}, line {line if line <= self.before else line - self.within}"

    def place_of(self, error: Exception) -> str:
        """The same of a fault at rendering: the innermost line of the template that Python was at."""
        at = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        return self.place(at[-1] if at else None)


class Sources:
    """The files of notices and layouts: the site's own where it has one, else the package's."""

    def __init__(self, overrides: Path | None) -> None:
        if overrides is not None and not overrides.is_dir():
            raise Misconfigured("the folder of the programme's own e-mail templates does not exist")
        self._overrides = overrides

    def of(self, template: Template, file: str, layout: str | None = None) -> Source:
        """A file of a notice, set into a layout where one is named.

        Raises:
            Misconfigured: a file is missing or cannot be read, or the layout has no place for the notice.

        """
        body, text = self._read(Path(*template.name.split("."), file))
        if layout is None:
            return Source(text, body)
        around, frame = self._read(Path(layout))
        before, mark, after = frame.partition(_BODY)
        if not mark:
            raise Misconfigured(f"{around}: it has no line {_BODY}, where the notice is set in")
        return Source(before + text + after, body, around, before.count("\n"), text.count("\n"))

    def useless(self) -> Iterator[str]:
        """What is said of each file in the site's folder that replaces none: its name or its folder's is mistyped."""
        for file in sorted(self._overrides.rglob("*.*")) if self._overrides is not None else ():
            if file.suffix in (".txt", ".html", ".toml") and not self._replaces(file):
                yield f"{file}: it replaces nothing, for there is no such template"

    def _replaces(self, file: Path) -> bool:
        assert self._overrides is not None
        return file.suffix != ".toml" and (TEMPLATES / file.relative_to(self._overrides)).is_file()

    def _read(self, relative: Path) -> tuple[Path, str]:
        folders = (self._overrides, TEMPLATES) if self._overrides is not None else (TEMPLATES,)
        for folder in folders:
            file = folder / relative
            if file.is_file():
                try:
                    return (file if folder is not TEMPLATES else relative), file.read_text("utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    raise Misconfigured(f"{file}: it cannot be read: {type(error).__name__}") from None
        raise Misconfigured(f"the e-mail template {relative} does not exist")
