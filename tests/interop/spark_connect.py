"""A Spark Connect server with Iceberg and Delta in it, for the tests of engines."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.jars import SPARK_4, jar

START_SECONDS_MAX = 180
STOP_SECONDS_MAX = 30

_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
_SETTINGS = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions,"
    "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}


@contextmanager
def spark_connect(folder: Path, *, java: Path) -> Iterator[str]:
    """Start a server whose log lies in `folder`; gives its URL, and stops it at the end."""
    import pyspark

    home = Path(str(pyspark.__file__)).parent
    port = _free_port()
    told = {**_SETTINGS, "spark.connect.grpc.binding.port": str(port)}
    settings = [word for name, value in told.items() for word in ("--conf", f"{name}={value}")]
    words = [
        *(str(home / "bin" / "spark-submit"), "--master", "local[2]", "--class", _SERVER),
        *("--jars", ",".join(str(jar(one)) for one in SPARK_4), *settings, "spark-internal"),
    ]
    java_home = str(java.resolve().parent.parent)
    environment = {**os.environ, "JAVA_HOME": java_home, "SPARK_HOME": str(home)}
    log = folder / "connect.log"
    with (
        log.open("w") as told_there,
        subprocess.Popen(
            words, env=environment, cwd=folder, stdout=told_there, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            _wait(server, port, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                server.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server answers; raises RuntimeError with the end of its log."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(log.read_text()[-2000:])
