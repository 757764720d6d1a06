"""The Celery application's own task and sender: ids only through the queue, and every delivery counted.

Redis holds a copy of all arguments, so a text or a name never goes there (docs/decisions/0013).
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Celery, Task
from celery.exceptions import Ignore
from django.utils import timezone

FIRST_PAUSE = timedelta(seconds=10)  # before the second try; twice as long before each further one


class NotAnId(TypeError):
    """A task's argument was neither a number nor a UUID. Programmers see it, users never do."""


def only_ids(args: Any, kwargs: Any) -> None:
    """Raises NotAnId for an argument that is no id, or has a name (a dead letter keeps its ids in order). Quotes nothing."""
    if kwargs:
        raise NotAnId("a task's arguments are ids in order, without names")
    for value in args or ():
        if not is_id(value):
            raise NotAnId(f"a task's arguments are ids, not {type(value).__name__}")


def is_id(value: Any) -> bool:
    """A whole number, a UUID, or a UUID's text in its usual form."""
    if isinstance(value, str):
        try:
            return str(UUID(value)) == value
        except ValueError:
            return False
    return isinstance(value, int | UUID) and not isinstance(value, bool)


class Application(Celery):
    """Celery whose queue takes ids only: `delay`, `apply_async`, a retry and beat all send through here."""

    def send_task(self, name: str, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        only_ids(args, kwargs)
        return super().send_task(name, args, kwargs, *rest, **options)


class CountedTask(Task):
    """A task whose deliveries are counted before the work; after five tries it is a dead letter.

    A job of the timetable that raises is not tried again: the timetable does that. Any other is, with growing pauses.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return self.run(*args, **kwargs)
        from yhteiso.jobs import deliveries, runs  # the applications are not loaded yet when this module is

        only_ids(args, kwargs)
        task_id, now = str(self.request.id), timezone.now()
        ids = [str(value) if isinstance(value, UUID) else value for value in args]
        if not deliveries.begin(task_id=task_id, name=str(self.name), args=ids, now=now):
            raise Ignore()
        try:
            result = self.run(*args, **kwargs)
        except Exception as error:
            if hasattr(self.run, "job_name"):
                deliveries.done(task_id=task_id)
                raise
            self._again(error, deliveries.failed(task_id=task_id, failure=runs.failure_name(error)))
        else:
            deliveries.done(task_id=task_id)
            return result

    def _again(self, error: Exception, tries: int) -> None:
        from yhteiso.jobs.models import MOST_TRIES

        if tries >= MOST_TRIES:
            raise error
        # Far below the visibility timeout: a longer pause would be handed out twice.
        raise self.retry(exc=error, countdown=FIRST_PAUSE.total_seconds() * 2 ** (tries - 1), max_retries=MOST_TRIES)
