"""`tl serve`: an HTTP sink for events, which are safe in the ledger before they are answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import printable
from temporal_lineage.cli.options import output_option, print_report
from temporal_lineage.session.intake import BODY_BYTES_MAX

if TYPE_CHECKING:
    from temporal_lineage.session import Session
    from temporal_lineage.sink.serving import Served, Serving

_MEGABYTE = 1024 * 1024


@click.command(short_help="Take in events over HTTP: a backend for OpenLineage clients.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=5050,
    show_default=True,
    help="The port to listen on; 0 takes a free one, which is printed.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="TEMPORAL_LINEAGE_TOKEN",
    help="What posters must send as bearer token. Better $TEMPORAL_LINEAGE_TOKEN or a file:"
    " arguments can be seen by others.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file of tokens, one on each line; any of them will do.",
)
@click.option(
    "--body-mb-max",
    metavar="N",
    type=click.IntRange(1, 1_024),
    default=BODY_BYTES_MAX // _MEGABYTE,
    show_default=True,
    help="The longest body that is taken, unpacked, in MiB; longer ones are answered with 413.",
)
@click.option("--check", is_flag=True, help="Say what would be served, and end.")
@output_option
@click.pass_obj
def serve(
    session: Session,
    *,
    host: str,
    port: int,
    token: str | None,
    token_file: Path | None,
    body_mb_max: int,
    check: bool,
    output: str,
) -> int:
    """Take in OpenLineage events over HTTP, until it is stopped.

    Clients of OpenLineage post to /api/v1/lineage, Iceberg's metrics reporters to
    /v1/.../metrics. What is answered with 200, 201 or 204 is safe in the ledger; it is linked
    right behind.

    \b
    tl serve
    tl serve --host 0.0.0.0 --port 5050 --token-file /etc/temporal-lineage/tokens
    tl --ledger postgresql://lineage@db/lineage serve
    """
    from temporal_lineage.cli.observed import is_json

    bytes_max = body_mb_max * _MEGABYTE
    if check:
        serving = session.serve_check(
            host=host, port=port, token=token, token_file=token_file, bytes_max=bytes_max
        )
        print_report(serving, output, text=_would_serve, rows=None)
        return 0

    def started(serving: Serving) -> None:
        if not is_json():
            for line in _serving(serving):
                click.echo(printable(line), err=True)

    served = session.serve(
        host=host,
        port=port,
        token=token,
        token_file=token_file,
        bytes_max=bytes_max,
        started=started,
    )
    print_report(served, output, text=_served, rows=None)
    return 0


def _would_serve(serving: Serving) -> Iterator[str]:
    yield from _described(serving, "would listen on")


def _serving(serving: Serving) -> Iterator[str]:
    yield from _described(serving, "listening on")


def _described(serving: Serving, verb: str) -> Iterator[str]:
    asked = "a bearer token is asked for" if serving.asks_for_token else "no token is asked for"
    size = serving.bytes_max // _MEGABYTE
    yield f"{verb} {serving.url}/api/v1/lineage, ledger {serving.ledger}"
    yield f"{asked}, bodies up to {size} MiB"
    if not serving.asks_for_token and not serving.is_local:
        yield click.style("! anybody who reaches this address can post; see --token", fg="yellow")


def _served(served: Served) -> Iterator[str]:
    yield (
        f"stopped: {served.kept} events kept, {served.repeated} known already,"
        f" {served.linked} linked"
    )
    if not served.is_linked:
        yield click.style("! some events are not linked yet; the next start does", fg="yellow")
