"""The two kinds of error that every room raises, and nothing else.

An error of the product names the value that was wrong and the remedy. It never holds a secret
or a row of data, because its text goes into logs, alerts and evidence packages.

Here: the base classes. Not here: the errors themselves; each room declares its own, derived
from one of the two classes below, beside the code that raises them.
"""


class SoxautoError(Exception):
    """An error with a remedy; the base of all errors that the product raises on purpose.

    ``problem`` says what is wrong and names the value; ``remedy`` says what a person does about
    it. ``str(error)`` is both, in this order.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class PermanentError(SoxautoError):
    """Trying again cannot help: the input, the set-up or the data must change first."""


class TransientError(SoxautoError):
    """Trying again may help: a lost connection, a deadlock, a throttled service."""
