"""The full path: the same statements through SQLAlchemy, for PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from temporal_lineage.store.database_errors import ledger_error
from temporal_lineage.store.reach_statements import REACH_STATEMENTS_POSTGRESQL
from temporal_lineage.store.statements import STATEMENTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from temporal_lineage.store.runner import Parameters, Row

FULL_STATEMENTS = STATEMENTS | REACH_STATEMENTS_POSTGRESQL


class FullRunner:
    """Runs the statements over a connection of SQLAlchemy."""

    def __init__(self, connection: Connection, location: str) -> None:
        """Read through this connection, inside its transaction; the location is for messages."""
        self._connection = connection
        self._location = location

    def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Give all rows of a statement."""
        try:
            result = self._connection.execute(FULL_STATEMENTS[name], dict(parameters))
            return [tuple(row) for row in result]
        except DBAPIError as error:
            raise ledger_error(self._location, error.orig or error) from error
