"""The month's story, told by a seed: everything that is said, day by day. Whoever reads it knows nothing of the system."""

from workers.simulation.story.tell import tell

__all__ = ["tell"]
