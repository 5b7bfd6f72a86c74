"""Click is loaded without modules that `tl` does not use, and nobody can tell."""

import gettext
import inspect
import platform
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from temporal_lineage.cli import light_click

LEFT_OUT = sorted(light_click._ANSWERS)


def told(code: str, *arguments: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@given(st.text(st.sampled_from(" \n\tab")))
@example("")
@example("Remember what went in.\n\n    \b\n    tl at lake.raw.orders\n      more\n    ")
def test_a_help_text_is_cleaned_as_inspect_cleans_it(text: str) -> None:
    assert light_click._cleaned(text) == inspect.cleandoc(text)


@given(st.integers(0, 3))
def test_what_is_answered_without_a_module_is_what_the_module_says(number: int) -> None:
    answers = light_click._ANSWERS
    assert answers["platform"]["system"]() == platform.system()
    assert answers["threading"]["local"] is threading.local
    no_texts = gettext.NullTranslations()
    assert answers["gettext"]["gettext"]("Options") == no_texts.gettext("Options")
    words = ("{n} argument", "{n} arguments", number)
    assert answers["gettext"]["ngettext"](*words) == no_texts.ngettext(*words)


def test_no_module_is_loaded_in_vain_and_no_stand_in_is_left_behind() -> None:
    code = (
        "import sys; from temporal_lineage.cli.light_click import load_click; load_click();"
        " import click; print(*(one for one in sys.argv[1:] if one in sys.modules))"
    )
    assert told(code, *LEFT_OUT).split() == []


@pytest.mark.parametrize("name", LEFT_OUT)
def test_whoever_imports_the_module_afterwards_gets_the_module(name: str) -> None:
    code = (
        "import sys; from temporal_lineage.cli.light_click import load_click; load_click();"
        " module = __import__(sys.argv[1]);"
        " print(type(module).__name__, module.__file__)"
    )
    assert told(code, name).split()[0] == "module"


def test_click_reaches_all_of_a_module_that_it_was_loaded_without() -> None:
    code = (
        "import sys; from temporal_lineage.cli.light_click import load_click; load_click();"
        " import click.core; print('inspect' in sys.modules);"
        " print(click.core.inspect.isfunction(print), click.core.inspect.isfunction(load_click));"
        " import inspect; print(click.core.inspect.signature is inspect.signature);"
        " print(hasattr(click.core.inspect, 'no_such_name'))"
    )
    assert told(code).splitlines() == ["False", "False True", "True", "False"]


def test_a_module_that_is_there_already_is_left_alone() -> None:
    code = (
        "import inspect; from temporal_lineage.cli.light_click import load_click; load_click();"
        " import click.core; print(click.core.inspect is inspect)"
    )
    assert told(code) == "True\n"


@pytest.mark.parametrize("arguments", [["--help"], ["upstream", "--help"], ["upstream"], ["no"]])
def test_pages_and_refusals_are_those_of_the_whole_click(arguments: list[str]) -> None:
    code = (
        "import sys; from temporal_lineage.cli.entry import run;"
        " sys.stderr = sys.stdout; print(run(sys.argv[1:], session=None))"
    )
    assert told(code, *arguments) == told(f"import click; {code}", *arguments)
