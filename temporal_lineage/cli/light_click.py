"""Click, loaded without what `tl` does not use of it: whole, it is half of a small question.

While Click is imported, four modules of the standard library are stood in for. What stands there
answers truly: a few names by itself, every other by loading the module. Only Click's own names
lead to it; whoever imports the module afterwards gets the module.
"""

from __future__ import annotations

import _thread
import os
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def load_click() -> None:
    """Import Click, where nobody has done so yet."""
    if "click" in sys.modules:
        return
    stand_ins = {
        name: _StandIn(name, answers)
        for name, answers in _ANSWERS.items()
        if name not in sys.modules
    }
    sys.modules.update(stand_ins)
    try:
        __import__("click")
    finally:
        for stand_in in stand_ins.values():
            stand_in.leave()


class _StandIn(ModuleType):
    """Stands for a module that is loaded when it is asked for what is not answered here."""

    def __init__(self, name: str, answers: Mapping[str, Callable[..., object]]) -> None:
        super().__init__(name)
        vars(self).update(answers)

    def __getattr__(self, name: str) -> object:
        if name == "__path__":
            # `from ... import` asks whether it is a package.
            raise AttributeError(name)
        from importlib import import_module

        self.leave()
        return getattr(import_module(self.__name__), name)

    def leave(self) -> None:
        """Give the name back to the module."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]


def _cleaned(text: str) -> str:
    """Take the indentation of its source out of a help text, as `inspect.cleandoc` does."""
    first, *rest = text.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    lines = [first.lstrip(), *(line[margin:] for line in rest)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


def _system() -> str:
    """Name the operating system, for which `platform` compiles nine regular expressions."""
    return os.uname().sysname


def _untranslated(text: str) -> str:
    """Leave a text of Click in English, as all of ours are."""
    return text


def _one_or_many(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


_ANSWERS: Mapping[str, Mapping[str, Callable[..., object]]] = {
    "gettext": {"gettext": _untranslated, "ngettext": _one_or_many},
    "inspect": {"cleandoc": _cleaned},
    "platform": {"system": _system} if hasattr(os, "uname") else {},
    "threading": {"local": _thread._local},  # noqa: SLF001 - it is known by that name
}
