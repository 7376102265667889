"""The rules of IIIF Presentation 3.0, as far as we write it; other checkers let broken manifests pass."""

import re
from typing import Any


def check_presentation(resource: Any, *, seen: set[str]) -> None:
    """Hold a resource and all in it to the rules of Presentation 3.0, sections 3 and 4.

    Args:
        resource: a parsed document, or a part of one.
        seen: the ids that were met before; none is used twice.
    """
    if isinstance(resource, list):
        for one in resource:
            check_presentation(one, seen=seen)
    if isinstance(resource, dict):
        for key, value in resource.items():
            _check_property(key, value)
            check_presentation(value, seen=seen)
        _check_id(resource, seen)
        CHECKS.get(resource.get("type"), lambda _: None)(resource)


def _check_property(key: str, value: Any) -> None:
    if key in ("label", "value", "summary") and isinstance(value, dict):  # 4.1: language maps of lists
        assert all(isinstance(texts, list) and texts for texts in value.values()), value
        assert all(re.fullmatch(r"none|[a-z]{2,3}(-[A-Za-z0-9]+)*", language) for language in value)
    if key in ("thumbnail", "seeAlso", "items", "annotations", "metadata", "service"):  # 4.2: arrays
        assert isinstance(value, list), key
        assert value, key
    if key == "rights":  # 3.3: one string, of Creative Commons or RightsStatements.org
        assert re.match(r"http://(creativecommons|rightsstatements)\.org/", value)
    if key == "requiredStatement":
        assert set(value) == {"label", "value"}
    if key == "seeAlso":
        assert all({"id", "type"} <= set(one) for one in value)


def _check_id(resource: dict[str, Any], seen: set[str]) -> None:
    """3.2: an HTTP(S) URI; a page that is referred to has the id of its document."""
    if resource.get("type") in ("Manifest", "Collection", "Canvas", "AnnotationPage", "Annotation"):
        assert re.fullmatch(r"https?://\S+", resource["id"])
        assert resource["id"] not in seen
        seen.add(resource["id"])


def _check_titled(resource: dict[str, Any]) -> None:
    assert resource["label"]


def _check_canvas(canvas: dict[str, Any]) -> None:
    assert "#" not in canvas["id"]
    assert min(canvas["height"], canvas["width"]) > 0
    assert {page["type"] for page in canvas["items"]} == {"AnnotationPage"}
    annotations = [one for page in canvas["items"] for one in page["items"]]
    assert {one["motivation"] for one in annotations} == {"painting"}
    assert {one["target"] for one in annotations} == {canvas["id"]}
    # Pages of other annotations are referred to by id: they have no items here.
    assert not any("items" in page for page in canvas.get("annotations", []))


def _check_choice(choice: dict[str, Any]) -> None:
    assert len(choice["items"]) > 1
    assert all(one["label"] for one in choice["items"])


def _check_image(image: dict[str, Any]) -> None:
    assert {"id", "format", "height", "width"} <= set(image)


CHECKS = {
    "Manifest": _check_titled,
    "Collection": _check_titled,
    "Canvas": _check_canvas,
    "Choice": _check_choice,
    "Image": _check_image,
}
