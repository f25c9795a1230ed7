"""Connections of a pool whose server is gone."""

from typing import Any

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError


def leave_alone(engine: Engine) -> None:
    event.listen(engine, "handle_error", _leave_frozen)
    event.listen(engine.pool, "checkout", _leave_closed)


def _leave_frozen(context: ExceptionContext) -> None:
    """Nobody waits for the rollback of a connection that does not answer; the others may do."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def _leave_closed(connection: Any, *_: object) -> None:
    """A server that ended has said goodbye: nobody has to fail for that to be noticed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
