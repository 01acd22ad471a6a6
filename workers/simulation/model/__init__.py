"""The rules once more, as slow and as plain as can be, to be laid beside what the system did.

Nothing here is shared with handlers or store: own dates, own calendar, own tables of roles and targets. Days are counted one
after the other; everything is in memory; nothing is computed ahead.
"""

from workers.simulation.model.month import Month

__all__ = ["Month"]
