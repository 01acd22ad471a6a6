"""Who is who, once more and slowly: records and reviews of several names stand for one patient while a decision says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from messages.patient import PatientMerged, PatientSplit
from workers.simulation.model.book import Book
from workers.simulation.said import Said


@dataclass(slots=True)
class Patients:
    """Names that stand for another patient than their own."""

    book: Book
    stands_for: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The patient that a name stands for now."""
        return self.stands_for.get(name, name)

    def merged(self, said: Said, message: PatientMerged) -> str:
        """All that stood for any of them stands for one."""
        if not self.book.is_administrator(message.administrator):
            return "refused"
        into = self.of(said.patient)
        merging = {self.of(name) for name in said.same_as} - {into}
        moved = [name for name, patient in self.stands_for.items() if patient in merging]
        self.stands_for |= dict.fromkeys([*moved, *merging], into)
        return "done"

    def split(self, said: Said, message: PatientSplit) -> str:
        """A name is a patient of its own again."""
        (name,) = said.same_as
        if not self.book.is_administrator(message.administrator):
            return "refused"
        if self.stands_for.get(name) != self.of(said.patient):
            return "refused"
        del self.stands_for[name]
        return "done"
