"""Peers that are Java programs: their jars, fetched by Maven into one folder.

python tests/interop/jars.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

VARIABLE = "TEMPORAL_LINEAGE_JARS"
FETCH_SECONDS_MAX = 900

NESSIE = "org.projectnessie.nessie:nessie-quarkus:0.99.0:jar:runner"
SPARK = (
    "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.2",
    "io.delta:delta-spark_2.12:3.3.2",
    "io.delta:delta-storage:3.3.2",
    "io.openlineage:openlineage-spark_2.12:1.53.0",
)
SQLITE = "org.xerial:sqlite-jdbc:3.47.1.0"
SPARK_4 = (
    "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.1",
    "io.delta:delta-spark_2.13:4.0.1",
    "io.delta:delta-storage:4.0.1",
)

NEO4J = "org.neo4j:neo4j:5.26.0"  # of 5.26 the first: a release with long support

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


_POM = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>interop</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>
  </dependency></dependencies>
</project>
"""
_COPY_ALL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def folder() -> Path:
    """Give the folder that holds the jars."""
    told = os.environ.get(VARIABLE)
    return Path(told) if told else Path(sys.prefix) / "jars"


def jar(coordinates: str) -> Path:
    """Give the place of a jar, whether it is there or not."""
    _, name, version, *rest = coordinates.split(":")
    classifier = f"-{rest[1]}" if len(rest) > 1 else ""
    return folder() / f"{name}-{version}{classifier}.jar"


def neo4j_folder() -> Path:
    """Give the folder of Neo4j's jars, of which there are some two hundred."""
    return folder() / "neo4j"


def lacking_neo4j() -> str:
    """Say what is not there to run Neo4j; empty where all is."""
    _, name, version = NEO4J.split(":")
    there = (neo4j_folder() / f"{name}-{version}.jar").is_file()
    return "" if there else f"{NEO4J} not in {neo4j_folder()}; `make interop` fetches it"


def lacking(*coordinates: str) -> str:
    """Say what is not there to run these jars; empty where all is."""
    if shutil.which("java") is None:
        return "there is no java here"
    absent = [one for one in coordinates if not jar(one).is_file()]
    return f"{', '.join(absent)} not in {folder()}; `make interop` fetches them" if absent else ""


def main() -> None:
    """Fetch what is not there yet, and say what cannot be had."""
    absent = [one for one in (NESSIE, *SPARK, SQLITE, *SPARK_4) if not jar(one).is_file()]
    maven = shutil.which("mvn")
    if absent and maven is None:
        print(f"no mvn here, so tests with {', '.join(absent)} will be skipped")
        return
    for one in absent:
        place = [f"-Dartifact={one}", f"-DoutputDirectory={folder()}"]
        _fetch(one, [str(maven), "-B", "-q", _COPY, *place])
    if lacking_neo4j() and maven is not None:
        with TemporaryDirectory() as workspace:
            pom = Path(workspace) / "pom.xml"
            pom.write_text(_POM.format(*NEO4J.split(":")))
            place = [f"-DoutputDirectory={neo4j_folder()}", "-DincludeScope=runtime"]
            _fetch(NEO4J, [maven, "-B", "-q", "-f", str(pom), _COPY_ALL, *place])


def _fetch(what: str, words: Sequence[str]) -> None:
    try:
        done = subprocess.run(words, check=False, timeout=FETCH_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        print(f"{what} cannot be had, so tests with it will be skipped")


if __name__ == "__main__":
    main()
