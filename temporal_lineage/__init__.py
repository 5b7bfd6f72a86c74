"""temporal_lineage: what fed what, as of when, and how we know.

`catalogs` and `snapshots` are plain names, so another package, or a file in the working folder,
can stand in their place. Better to say so here than to fail somewhere inside.
"""

# Not that of `typing`, which takes a third of an empty Python to load.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from temporal_lineage.frames import as_arrow, as_polars
    from temporal_lineage.sdk import current_run, run
    from temporal_lineage.session import Session, open_session

__distribution__ = "temporal-lineage"
__version__ = "0.1.0"


def _check_neighbour(name: str) -> None:
    """Raise ImportError where the package `name` on sys.path is not the one we came with."""
    module = __import__(name)
    if getattr(module, "__distribution__", None) == __distribution__:
        return
    # A namespace package has no file, only the folders it was found in.
    place = module.__file__ or ", ".join(module.__path__)
    message = (
        f"temporal_lineage needs the package '{name}' of the distribution {__distribution__}, "
        f"but {place} stands in its place; rename or remove it, "
        f"or put the folder of {__distribution__} before it on sys.path"
    )
    raise ImportError(message, name=name, path=place)


for _name in ("snapshots", "catalogs"):
    _check_neighbour(_name)

_HOMES = {
    "Session": "temporal_lineage.session",
    "open_session": "temporal_lineage.session",
    "as_arrow": "temporal_lineage.frames",
    "as_polars": "temporal_lineage.frames",
    "current_run": "temporal_lineage.sdk",
    "run": "temporal_lineage.sdk",
}
"""The names that notebooks use, loaded when they are first used."""

__all__ = ("Session", "as_arrow", "as_polars", "current_run", "open_session", "run")


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
