"""How the refusal of a service behind the tables is told: once, for Glue, Athena and Redshift.

Here: the wording. Not here: which error of which room it becomes (``glue.py``, ``athena.py``,
``redshift.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from soxauto_assets.aws import Refusal, Trouble


@dataclass(frozen=True)
class Told:
    """A refusal in words; ``passing`` says that trying again may help."""

    passing: bool
    problem: str
    remedy: str


RIGHTS = "Give the role of this process the rights that docs/aws.md lists."


def told(
    refusal: Refusal,
    service: str,
    about: str,
    *,
    next_time: str,
    remedy: str,
    rights: str = RIGHTS,
) -> Told:
    """The refusal of ``service``, asked for what ``about`` says.

    ``next_time`` is what becomes of it by itself where the service did not answer, ``remedy``
    what a person does where it does not want to, ``rights`` where the right is lacking.
    """
    about = f"{about} ({refusal.shown})"
    match refusal.trouble:
        case Trouble.UNAVAILABLE:
            return Told(
                True,
                f"{service} cannot be reached or is overloaded: {about}.",
                f"{next_time} If it lasts, look at the network and the VPC endpoint.",
            )
        case Trouble.CREDENTIALS:
            return Told(
                False,
                f"There are no valid AWS credentials: {about}.",
                "Give the process a role, or set a profile or AWS_ACCESS_KEY_ID.",
            )
        case Trouble.DENIED:
            return Told(
                False,
                f"{service} denies access: {about}.",
                rights,
            )
    return Told(False, f"{service} refuses: {about}.", remedy)
