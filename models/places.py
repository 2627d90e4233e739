"""Profiles with places: YAML to plain data, and where in the file each field of it stands."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from engine.located import Place, read_yaml
from models.errors import ProfileError

_AT = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_ANY = "[...]"  # How msgspec writes a mapping's value: it does not say under which key.


def read_profile(path: Path) -> Place:
    """The root of a profile's YAML.

    Raises:
        ProfileError: the file cannot be read, is no YAML or no mapping, or a key stands twice.
    """
    root, _ = read_yaml(path, ProfileError)
    root.mapping("profile", ())
    return root


def plain(root: Place, into: type[msgspec.Struct]) -> dict[str, Any]:
    """The YAML as plain data that fits the Struct.

    Raises:
        ProfileError: at the field that is unknown, missing or of the wrong type.
    """
    places = places_of(root)
    _keys_as_written(root.node)
    try:
        data: dict[str, Any] = yaml.SafeLoader("").construct_document(root.node)
    except (yaml.YAMLError, ValueError) as error:
        root.fail(str(getattr(error, "problem", None) or error))
    for field in msgspec.structs.fields(into):
        if field.name != field.encode_name and field.encode_name in data:
            raise ProfileError(f"{nearest_place(places, field.encode_name)}: {field.encode_name}: is no field")
    try:
        msgspec.convert(data, into)
    except msgspec.ValidationError as error:
        path, reason = _blamed(data, into, str(error))
        raise ProfileError(f"{nearest_place(places, path)}: {path or 'profile'}: {reason}") from None
    return data


def places_of(root: Place) -> dict[str, str]:
    """``sources[1].file`` → ``file:line:column``, for every field; that of a key where there is one.

    Raises:
        ProfileError: a key stands twice in one mapping.
    """
    mark = root.node.start_mark
    return {"": f"{root.file}:{mark.line + 1}:{mark.column + 1}"} | dict(_within(root, ""))


def nearest_place(places: dict[str, str], path: str) -> str:
    """The field's place, or that of what it would stand in."""
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places.get(path, "")


def _within(place: Place, path: str) -> Iterator[tuple[str, str]]:
    for name, at, value in _parts(place, path):
        mark = at.node.start_mark
        yield name, f"{at.file}:{mark.line + 1}:{mark.column + 1}"
        yield from _within(value, name)


def _parts(place: Place, path: str) -> Iterator[tuple[str, Place, Place]]:
    """Path, key (the item itself in a list) and value of everything directly inside a node."""
    if place.is_list:
        for number, item in enumerate(place.items(path)):
            yield f"{path}[{number}]", item, item
    elif not place.is_text:
        place.mapping(path or "profile", ())  # It refuses keys that stand twice.
        for key, value in place.entries(path):
            yield f"{path}.{key.text('a key')}".removeprefix("."), key, value


def _keys_as_written(node: yaml.Node) -> None:
    """Make every key a text: a label may be called `1` or `no` in the data."""
    for part in node.value if isinstance(node, yaml.CollectionNode) else ():
        for inner in part if isinstance(part, tuple) else (part,):
            _keys_as_written(inner)
        if isinstance(part, tuple) and part[0].tag != "tag:yaml.org,2002:merge":
            part[0].tag = "tag:yaml.org,2002:str"


def _blamed(data: dict[str, Any], into: type[msgspec.Struct], message: str) -> tuple[str, str]:
    """The path that msgspec complains of, each ``[...]`` in it replaced by the key that is meant, and the reason."""
    found = _AT.search(message)
    path, reason = (found[1] if found else ""), _AT.sub("", message)
    while _ANY in path:
        before, _, after = path.partition(_ANY)
        path = f"{before}.{_guilty(data, into, before, message)}{after}"
    if unknown := _UNKNOWN.search(reason):
        path = f"{path}.{unknown[1]}".removeprefix(".")
    return path, reason


def _guilty(data: dict[str, Any], into: type[msgspec.Struct], path: str, message: str) -> str:
    """The key of the mapping at ``path`` whose value alone brings the same message."""
    for key in _inside(data, path):
        alone = copy.deepcopy(data)
        mapping = _inside(alone, path)
        for other in [name for name in mapping if name != key]:
            del mapping[other]
        try:
            msgspec.convert(alone, into)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return key
    return "?"


def _inside(data: dict[str, Any], path: str) -> dict[str, Any]:
    found: Any = data
    for step in re.findall(r"[^.\[\]]+", path):
        found = found[int(step) if isinstance(found, list) else step]
    return found
