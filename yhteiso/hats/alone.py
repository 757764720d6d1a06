"""A periodic job's loop: each item in its own short transaction under the jobs' hat, and one bad item stops nobody else."""

import logging
from collections.abc import Callable, Iterable

from yhteiso.hats.wear import wearing

logger = logging.getLogger(__name__)


def each_alone[Item](items: Iterable[Item], deed: Callable[[Item], int], *, job: str) -> int:
    """Do the deed for every item and return the sum of what each returned.

    An item that fails is rolled back and logged, the rest go on: no family waits behind another's broken row. In the end
    the failures are raised together as an ExceptionGroup, so that the job is seen to have failed.
    """
    done, failures = 0, []
    for item in items:
        try:
            with wearing("jobs"):
                done += deed(item)
        except Exception as error:
            logger.exception("%s: one item failed", job)
            failures.append(error)
    logger.info("%s: %s done, %s failed", job, done, len(failures))
    if failures:
        raise ExceptionGroup(f"{job}: {len(failures)} items failed", failures)
    return done
