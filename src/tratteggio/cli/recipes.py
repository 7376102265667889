"""`tratteggio recipes`: list the training recipes, or print one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tratteggio.cli.console import Json, Quiet, conversation


def recipes(
    name: Annotated[str | None, typer.Argument(help="A recipe. All its settings are printed.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the training recipes, or print the settings of one recipe.

    Example: tratteggio recipes pconv_dunhuang
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from dataclasses import asdict

        from tratteggio import recipes as room

        if name is not None:
            settings = asdict(room.load(name))
            values = {"name": name, "about": room.about(name), "settings": settings}
            console.result(values, f"{room.about(name)}\n\n{_text(settings)}")
            return
        found = {name: _about(name) for name in room.names()}
        width = max(map(len, found))
        console.result(
            {"recipes": [{"name": name, "about": about} for name, about in found.items()]},
            "\n".join(f"{name:<{width}}  {about}" for name, about in found.items()),
        )


def _about(name: str) -> str:
    """Say in one line what a recipe is for, or why it cannot be used."""
    from tratteggio import recipes as room
    from tratteggio.cli.wording import format_error
    from tratteggio.errors import BrokenPlugin, MissingExtra

    try:
        return room.about(name).partition("\n")[0]
    except (BrokenPlugin, MissingExtra) as error:
        return format_error(error)


def _text(settings: dict[str, Any]) -> str:
    """Lay settings out as --set takes them, one a line."""
    lines: list[tuple[str, Any]] = []
    for key, value in settings.items():
        entries = value.items() if isinstance(value, dict) else ()
        lines += [(f"{key}.{entry}", inner) for entry, inner in entries] or [(key, value)]
    return "\n".join(f"{key}={_word(value)}" for key, value in lines if value != {})


def _word(value: Any) -> str:
    words: dict[Any, str] = {True: "true", False: "false"}
    return "none" if value is None else words[value] if isinstance(value, bool) else str(value)
