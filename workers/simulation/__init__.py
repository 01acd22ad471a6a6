"""A month of a small state, simulated end to end through a real RabbitMQ, and laid beside a slow model of the rules."""

from workers.simulation.run import Result, simulate
from workers.simulation.show import report, show

__all__ = ["Result", "report", "show", "simulate"]
