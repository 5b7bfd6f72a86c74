"""A Neo4j of its own, embedded in a virtual machine that py4j talks to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interop.jars import neo4j_folder

_OPEN = ("java.base/java.nio", "java.base/sun.nio.ch", "java.base/java.lang")


class Neo4j:
    """A running database."""

    def __init__(self, database: Any) -> None:  # noqa: ANN401 - py4j has no types
        """Talk to this one."""
        self._database = database

    def load(self, script: str) -> None:
        """Run statements, one after another, as `cypher-shell` does."""
        for statement in script.split(";\n"):
            if statement.strip():
                self._database.executeTransactionally(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Give the rows of a query, columns in its order."""
        transaction = self._database.beginTx()
        try:
            result = transaction.execute(query)
            columns = list(result.columns())
            found = []
            while result.hasNext():
                row = result.next()
                found.append(tuple(row.get(name) for name in columns))
            return found
        finally:
            transaction.close()

    def empty(self) -> None:
        """Forget all nodes and what is between them."""
        self._database.executeTransactionally("MATCH (n) DETACH DELETE n")


@contextmanager
def neo4j(folder: Path, *, java: Path) -> Iterator[Neo4j]:
    """Start a database in a folder; it ends with the block."""
    from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

    port = launch_gateway(
        classpath=str(neo4j_folder() / "*"),
        javaopts=[f"--add-opens={one}=ALL-UNNAMED" for one in _OPEN],
        java_path=str(java),
        die_on_exit=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    place = gateway.jvm.java.io.File(str(folder)).toPath()
    service = gateway.jvm.org.neo4j.dbms.api.DatabaseManagementServiceBuilder(place).build()
    try:
        yield Neo4j(service.database("neo4j"))
    finally:
        service.shutdown()
        gateway.shutdown()
