"""What the package offers: all that `tratteggio` and its packages export, and what engines and finishes take.

What other packages have registered is not part of it.

`tests/api_surface.txt` is this list as last agreed upon; `test_house.py` compares. After a wanted change:

    python tests/api_surface.py > tests/api_surface.txt
"""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import tratteggio
from tratteggio import registry

HOUSE = Path(tratteggio.__file__).parent


def surface() -> list[str]:
    """List public names with signatures as they stand in the source."""
    packages = ["", *(f".{folder.parent.name}" for folder in sorted(HOUSE.glob("*/__init__.py")))]
    exported = [line for package in packages for line in of_package(f"tratteggio{package}")]
    registered = [
        f"{role} {name}: {line}"
        for role in sorted(registry.ROLES)
        for name in registry.included(role)
        for line in _definitions(HOUSE / role / f"{name}.py", "make", "make")
    ]
    return exported + registered


def of_package(package: str) -> Iterator[str]:
    """List what a package exports, each by the name under which it is public there."""
    module = import_module(package)
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        file = inspect.getmodule(thing).__file__ if callable(thing) else None
        lines = list(_definitions(Path(file), thing.__name__, name)) if file else []
        yield from (f"{package}.{line}" for line in lines or [name])


def _definitions(file: Path, name: str, public: str) -> Iterator[str]:
    """Find a function (with its overloads) or a class (with its members); list it by its public name."""
    for node in ast.parse(file.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef(name=found) if found == name:
                yield _signature(node, public)
            case ast.ClassDef(name=found) if found == name:
                yield f"{public}({', '.join(map(ast.unparse, node.bases))})"
                yield from (f"{public}.{member}" for member in _members(node))


def _members(node: ast.ClassDef) -> Iterator[str]:
    for part in node.body:
        match part:
            case ast.AnnAssign(target=ast.Name(field)) if not field.startswith("_"):
                yield ast.unparse(part)
            case ast.FunctionDef() if part.name == "__init__" or not part.name.startswith("_"):
                yield _signature(part, part.name)


def _signature(node: ast.FunctionDef, public: str) -> str:
    wrapped = "".join(f"@{ast.unparse(decorator)} " for decorator in node.decorator_list)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{public}({ast.unparse(node.args)}){returns} {wrapped}".rstrip()


if __name__ == "__main__":
    print("\n".join(surface()))
