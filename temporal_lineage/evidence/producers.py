"""Producers: which client tells an event, and what is known of how it fills it in."""

from __future__ import annotations

import re

_SPARK = re.compile(r"/(\d+)\.(\d+)[^/]*/integration/spark(?:/|$)")
_INPUTS_ON_COMPLETE_SINCE = (1, 35)
_VERSION = re.compile(
    r"/(?:tree|blob|releases/tag)/[^/]+"
    r"|(?<![:/])[:/]v?\d+(?:\.\d+)+[^/:]*"  # but not the host in http://10.0.0.1
)


def producer_name(producer: str) -> str:
    """Name a producer without the version, which changes with every upgrade.

    >>> producer_name("https://github.com/a/b/tree/1.9.1/integration/spark")
    'https://github.com/a/b/integration/spark'
    >>> producer_name("urn:temporal-lineage:sdk:0.1.0"), producer_name("http://10.0.0.1/jobs")
    ('urn:temporal-lineage:sdk', 'http://10.0.0.1/jobs')
    """
    return _VERSION.sub("", producer)


def resolves_inputs_after_the_job(producer: str) -> bool:
    """Tell whether versions on COMPLETE inputs were looked up when the job was over.

    The Spark integration gives input versions on START only up to 1.34; from 1.35 on its
    COMPLETE events have inputs too, with the version that is current by then.

    >>> resolves_inputs_after_the_job("https://github.com/a/b/tree/1.40.1/integration/spark")
    True
    """
    found = _SPARK.search(producer)
    return found is not None and (int(found[1]), int(found[2])) >= _INPUTS_ON_COMPLETE_SINCE
