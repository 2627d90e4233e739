"""YAML with places: every node remembers its line and column, so that each error can name them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import yaml

_MAX_BYTES = 1_000_000
_MAX_NODES = 200_000  # Counted after aliases are followed, so a YAML bomb is refused, not expanded.
_MAX_DEPTH = 50


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the known name that is closest, or the known names where none is."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


class Place:
    """One YAML node, in one file; ``error`` is what its mistakes are raised as."""

    def __init__(self, file: str, node: yaml.Node, error: type[Exception]) -> None:
        self.file, self.node, self.error = file, node, error

    def fail(self, reason: str) -> NoReturn:
        """Raise the place's error as ``file:line:column: reason``."""
        mark = self.node.start_mark
        raise self.error(f"{self.file}:{mark.line + 1}:{mark.column + 1}: {reason}")

    def mapping(self, what: str, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Place]:
        """The node's entries; unknown, duplicate and missing keys are refused."""
        entries: dict[str, Place] = {}
        known = list(known)
        for key, value in self.entries(what):
            name = key.text("a key")
            if known and name not in known:
                key.fail(f"{what}: unknown key {name!r}{nearest(name, known)}")
            if name in entries:
                key.fail(f"{what}: key {name!r} stands twice")
            entries[name] = value
        for name in required:
            if name not in entries:
                self.fail(f"{what}: key {name!r} is missing")
        return entries

    def entries(self, what: str) -> Iterator[tuple[Place, Place]]:
        """Key and value nodes of a mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"{what}: a mapping is needed, this is {self._kind()}")
        for key, value in self.node.value:
            yield self.at(key), self.at(value)

    def items(self, what: str) -> list[Place]:
        """The nodes of a sequence."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"{what}: a list is needed, this is {self._kind()}")
        return [self.at(node) for node in self.node.value]

    def text(self, what: str) -> str:
        """A scalar as it was written."""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value:
            self.fail(f"{what}: a text is needed, this is {self._kind()}")
        return str(self.node.value)

    def choice(self, what: str, known: Iterable[str]) -> str:
        """A scalar that is one of ``known``. YAML 1.1 reads a bare ``off`` as false, so the raw text counts."""
        text = self.text(what)
        if text not in set(known):
            self.fail(f"{what}: unknown value {text!r}{nearest(text, known)}")
        return text

    def at(self, node: yaml.Node) -> Place:
        """Another node of the same file."""
        return Place(self.file, node, self.error)

    @property
    def is_text(self) -> bool:
        """Whether this is a scalar."""
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether this is a sequence."""
        return isinstance(self.node, yaml.SequenceNode)

    def _kind(self) -> str:
        names: dict[type[yaml.Node], str] = {yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list"}
        return names.get(type(self.node), "empty" if not self.node.value else f"{self.node.value!r}")


def read_yaml(path: Path, error: type[Exception]) -> tuple[Place, bytes]:
    """The root node of a YAML file, and the bytes it was read from.

    Raises:
        error: the file is missing, too large, not YAML, empty, or unfolds to too many nodes.
    """
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise error(f"{path}: {fault.strerror or fault}") from None
    if len(raw) > _MAX_BYTES:
        raise error(f"{path}: {len(raw):,} bytes; it may have {_MAX_BYTES:,}")
    return parse_yaml(raw, str(path), error), raw


def parse_yaml(raw: bytes, file: str, error: type[Exception]) -> Place:
    """The root node of YAML text; ``file`` is the name that errors carry."""
    try:
        root = yaml.compose(raw.decode("utf-8"), Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise error(f"{file}:{line}:1: not valid UTF-8") from None
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise error(f"{file}:{where}: {fault.problem or fault.context}") from None
    except (yaml.YAMLError, RecursionError) as fault:
        raise error(f"{file}:1:1: {str(fault) or 'nested too deeply'}") from None
    if root is None:
        raise error(f"{file}:1:1: the file is empty")
    place = Place(file, root, error)
    _count(place)
    return place


def _count(root: Place) -> None:
    seen, waiting = 0, [(root.node, 0)]
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > _MAX_NODES or depth > _MAX_DEPTH:
            root.at(node).fail("the file unfolds to too many nodes, or nests too deep")
        if isinstance(node, yaml.MappingNode):
            waiting += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in node.value]
