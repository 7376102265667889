"""Names lead to files, and a wrong name leads to the right one."""

from pathlib import Path

import pytest

from tratteggio import registry
from tratteggio.errors import UnknownName


@pytest.mark.parametrize("role", registry.ROLES)
def test_the_files_of_a_folder_are_its_names(role: str) -> None:
    folder = Path(registry.__file__).parent / role
    assert registry.included(role) == sorted(
        file.stem
        for file in folder.glob("*.py")
        if not file.stem.startswith("_") and file.stem not in registry.DOORS.get(role, ())
    )


@pytest.mark.parametrize("role", registry.ROLES)
def test_every_name_loads(role: str) -> None:
    for name in registry.included(role):
        assert registry.load(role, name).__name__ == f"tratteggio.{role}.{name}"


@pytest.mark.parametrize("role", registry.ROLES)
def test_a_name_is_ours_or_of_a_plugin(role: str) -> None:
    assert registry.names(role) == sorted([*registry.included(role), *registry.plugins(role)])
    for name in registry.plugins(role):
        assert not registry.load(role, name).__name__.startswith("tratteggio.")


def test_a_misspelt_name_is_answered_with_the_nearest_and_with_all() -> None:
    with pytest.raises(UnknownName) as error:
        registry.load("engines", "biharmonik")
    assert "no engine named 'biharmonik'; did you mean 'biharmonic'?" in str(error.value)
    assert all(name in str(error.value) for name in registry.names("engines"))


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(UnknownName) as error:
        registry.load("engines", "zzz")
    assert "did you mean" not in str(error.value)
