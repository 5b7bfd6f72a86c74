"""A Hive metastore on this machine, from the jars that Spark's wheel brings, on a Derby database.

python tests/interop/hive_metastore.py FOLDER PORT JAVA
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest

JAVA_OLDEST = 11
JAVA_NEWEST = 17
"""Its libraries reach into parts of Java that later ones closed."""

STARTING_SECONDS_MAX = 180

_OPENED = ("lang", "lang.invoke", "net", "nio", "util", "util.concurrent")


@contextmanager
def hive_metastore(folder: Path, *, port: int, java: Path) -> Iterator[str]:
    """Run one below a folder; gives the URI its clients use."""
    words = [sys.executable, __file__, str(folder), str(port), str(java)]
    with (folder / "metastore.log").open("wb") as log:
        server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder)
    try:
        _await(server, port, folder / "metastore.log")
        yield f"thrift://127.0.0.1:{port}"
    finally:
        server.kill()
        server.communicate(timeout=30)  # its Java ends with what it reads from


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(STARTING_SECONDS_MAX * 2):
        with suppress(OSError), create_connection(("127.0.0.1", port), timeout=5):
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.5)
            break
    pytest.fail(f"the Hive metastore does not answer: {log.read_text()[-2000:]}")


def main() -> None:
    """Make the tables of the database, those for locks too, and serve until killed."""
    import pyspark
    from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

    folder, port, java = sys.argv[1:]
    opened = [f"--add-opens=java.base/java.{one}=ALL-UNNAMED" for one in _OPENED]
    gateway_port, secret = launch_gateway(
        classpath=f"{Path(pyspark.__file__).parent}/jars/*",
        javaopts=opened,
        java_path=java,
        die_on_exit=True,
        enable_auth=True,
        redirect_stdout=sys.stdout,
        redirect_stderr=sys.stderr,
    )
    told = GatewayParameters(port=gateway_port, auth_token=secret, auto_convert=True)
    jvm: Any = JavaGateway(gateway_parameters=told).jvm
    jvm.java.lang.System.setProperty("derby.system.home", folder)
    hive: Any = jvm.org.apache.hadoop.hive
    conf = hive.conf.HiveConf()
    settings = {
        "javax.jdo.option.ConnectionURL": f"jdbc:derby:{folder}/metastore;create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": f"file:{folder}/warehouse",
    }
    for key, value in settings.items():
        conf.set(key, value)
    hive.metastore.txn.TxnDbUtil.prepDb(conf)
    bridge = jvm.org.apache.hadoop.hive.shims.ShimLoader.getHadoopThriftAuthBridge()
    hive.metastore.HiveMetaStore.startMetaStore(int(port), bridge, conf)


if __name__ == "__main__":
    main()
