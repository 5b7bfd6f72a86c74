"""Producers: what is known of how a client fills its events in."""

from __future__ import annotations

import re

_SPARK = re.compile(r"/(\d+)\.(\d+)[^/]*/integration/spark(?:/|$)")
_INPUTS_ON_COMPLETE_SINCE = (1, 35)


def resolves_inputs_after_the_job(producer: str) -> bool:
    """Tell whether versions on COMPLETE inputs were looked up when the job was over.

    The Spark integration gives input versions on START only up to 1.34; from 1.35 on its
    COMPLETE events have inputs too, with the version that is current by then.

    >>> resolves_inputs_after_the_job("https://github.com/a/b/tree/1.40.1/integration/spark")
    True
    """
    found = _SPARK.search(producer)
    return found is not None and (int(found[1]), int(found[2])) >= _INPUTS_ON_COMPLETE_SINCE
