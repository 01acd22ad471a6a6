"""One day of a small state, played through a real RabbitMQ and real worker processes, one of which is killed."""

from workers.demo.day import Day
from workers.demo.play import run_demo

__all__ = ["Day", "run_demo"]
