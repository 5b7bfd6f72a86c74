"""SQL checks: a query over the rows of one state, in this process, batch by batch."""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import TYPE_CHECKING

from temporal_lineage.bisection.checks import BadCheckError, Judged
from temporal_lineage.lineage.first_bad import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from catalogs.table import TableState
    from temporal_lineage.bisection.checks import OpenState
    from temporal_lineage.bisection.searching import Searching

_QUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)

_NAME = "state"
"""What the rows are called in the query."""


class SqlCheck:
    """A query that gives true where a state is good, one value or one for each row."""

    def __init__(self, text: str, searching: Searching) -> None:
        """Take the query, and how long it may read one state."""
        self.text = text
        self._query = _query(text)
        self._searching = searching

    def judge(self, state: OpenState) -> Judged:
        """Ask the query of the rows; see `Check.judge`."""
        import polars as pl

        if state.table is None:
            raise BadCheckError(self.text, f"{state.address} has no rows that SQL could read")
        rows = _Rows(state.table, self._searching)
        try:
            found = self._asked(rows)
        except _StoppedError:
            raise KeyboardInterrupt from None
        except _TooLongError as error:
            return Judged(Verdict.SKIPPED, str(error))
        except (pl.exceptions.SQLInterfaceError, pl.exceptions.SQLSyntaxError) as error:
            raise BadCheckError(self.text, _first_line(error)) from error
        except pl.exceptions.PanicException as error:
            return Judged(Verdict.SKIPPED, f"the check cannot be run on it: {_first_line(error)}")
        except pl.exceptions.PolarsError as error:
            # Of what else goes wrong, the columns of this state are the cause, or its values.
            return Judged(Verdict.SKIPPED, f"the check does not fit it: {_first_line(error)}")
        return _judged(*found)

    def _asked(self, rows: _Rows) -> tuple[int, int, int]:
        """Give how many values came out, how many were NULL, and how many false."""
        import polars as pl

        try:
            with pl.SQLContext({_NAME: rows.frame()}, eager=False) as context:
                answer = context.execute(self._query)
            types = answer.collect_schema()
            if list(types.dtypes()) != [pl.Boolean]:
                told = ", ".join(str(one) for one in types.dtypes()) or "nothing"
                raise BadCheckError(self.text, f"it gives {told}, not one column of true or false")
            value = pl.nth(0)
            counted = answer.select(
                pl.len().alias("all"),
                value.null_count().alias("null"),
                value.not_().sum().alias("false"),
            )
            number, null, false = counted.collect(engine="streaming").row(0)
        except pl.exceptions.PolarsError:
            # What our own reader raised comes back as another error, and says more as it was.
            if rows.error is not None:
                raise rows.error from None
            raise
        return int(number), int(null), int(false)


def names_columns(text: str) -> bool:
    """Tell whether a check asks for columns by their names, and could be asked elsewhere."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(_query(text), dialect="postgres")
    except SqlglotError:
        return False
    return any(tree.find_all(exp.Column))


def _query(text: str) -> str:
    return text if _QUERY.match(text) else f"SELECT {text} FROM {_NAME}"


class _StoppedError(Exception):
    """The search was stopped while a state was read."""


class _TooLongError(Exception):
    """A state took longer to read than it may."""


class _Rows:
    """The rows of a state as polars scans them: one batch in memory at a time.

    `error` is what reading them raised; None while all goes well.
    """

    def __init__(self, table: TableState, searching: Searching) -> None:
        self.error: Exception | None = None
        self._table = table
        self._searching = searching
        self._ends = time.monotonic() + searching.check_ms_max / 1000

    def frame(self) -> pl.LazyFrame:
        """Give the rows, yet to be read."""
        import polars as pl
        from polars.io.plugins import register_io_source

        with closing(self._table.batches(columns=None)) as whole:
            empty = pl.DataFrame(whole.schema.empty_table())
        return register_io_source(self._batches, schema=empty.schema)

    def _batches(
        self,
        columns: list[str] | None,
        predicate: pl.Expr | None,
        rows: int | None,
        size: int | None,
    ) -> Iterator[pl.DataFrame]:
        del size  # the reader's own batches are small
        try:
            for frame in self._frames(columns):
                some = frame if predicate is None else frame.filter(predicate)
                if rows is not None:
                    some = some.head(rows)
                    rows -= some.height
                yield some
                if rows == 0:
                    return
        except Exception as error:
            self.error = error
            raise

    def _frames(self, columns: list[str] | None) -> Iterator[pl.DataFrame]:
        import polars as pl

        with closing(self._table.batches(columns=columns)) as batches:
            for batch in batches:
                # A signal handler that raised here would raise inside of polars.
                if self._searching.is_stopped():
                    raise _StoppedError
                if time.monotonic() > self._ends:
                    seconds = self._searching.check_ms_max / 1000
                    raise _TooLongError(f"it was not read to its end within {seconds:g} seconds")
                yield pl.DataFrame(batch)


def _judged(number: int, null: int, false: int) -> Judged:
    if not number:
        return Judged(Verdict.SKIPPED, "the check gave no value: neither true nor false")
    if false:
        return Judged(Verdict.BAD, f"false for {false} of {number} rows" if number > 1 else "")
    if null:
        of = f" for {null} of {number} rows" if number > 1 else ""
        return Judged(Verdict.SKIPPED, f"the check gave NULL{of}: neither true nor false")
    return Judged(Verdict.GOOD, "")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].partition("; valid columns")[0]
