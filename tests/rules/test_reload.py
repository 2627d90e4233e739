"""Rules that follow their files, by real edits in a real folder."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.rules import RuleSet, load_rules
from engine.rules.reload import follow
from tests.rules.rulesets import FLASH, HEAD, SCORES

BAD = HEAD + FLASH.replace("urgency.high", "urgency.hihg")
LISTED = HEAD.replace("rules:", "watchlists: {tech: {file: tech.txt}}\nrules:") + FLASH.replace(
    "urgency.high >= 0.9", '"ticker in @tech"'
)


def rules(name: str) -> str:
    """A good rules file whose one rule has this name."""
    return HEAD + FLASH.replace("id: flash", f"id: {name}")


class Desk:
    """What is in force and what was counted, with a signal for each change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.adopted: list[RuleSet] = []
        self.counted: list[str] = []
        self._changes: asyncio.Queue[str] = asyncio.Queue()

    @property
    def names(self) -> list[str]:
        """The rules that were adopted, by name, in order."""
        return [found.rules[0].id for found in self.adopted]

    def count(self, result: str) -> None:
        """Called by ``follow``."""
        self.counted.append(result)
        self._changes.put_nowait(result)

    async def next(self) -> str:
        """The result of the next change.

        Nothing tells when the watch is in place, so an edit may come before it: something written beside the
        files makes ``follow`` look again.
        """
        for number in range(15):
            try:
                return await asyncio.wait_for(self._changes.get(), 1.0)
            except TimeoutError:
                (self.path.resolve().parent / "beside").write_text(str(number), "utf-8")
        raise AssertionError(f"nothing came of the change; before it: {self.counted}")

    async def next_unasked(self) -> str:
        """The result of the next change, by the change's own event."""
        return await asyncio.wait_for(self._changes.get(), 1.0)


@asynccontextmanager
async def following(path: Path) -> AsyncIterator[Desk]:
    """Follow the file for as long as the block runs; the task must outlast it."""
    desk = Desk(path)
    in_force = load_rules([path], SCORES)
    task = asyncio.ensure_future(follow(in_force, lambda: load_rules([path], SCORES), desk.adopted.append, desk.count))
    await asyncio.sleep(0.15)  # For the watch; where that is not enough ``next`` asks again.
    try:
        yield desk
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def write(path: Path, text: str) -> None:
    """Save in place, as a simple editor does."""
    path.write_text(text, "utf-8")


def replace(path: Path, text: str) -> None:
    """Write a new file and move it over the old one, as vim and configuration management do."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    os.replace(fresh, path)


@pytest.mark.parametrize("save", [write, replace], ids=["in place", "by rename"])
async def test_edits_are_followed(tmp_path: Path, save: Callable[[Path, str], None]) -> None:
    """Edit after edit is adopted, however the editor saves."""
    path = tmp_path / "rules.yaml"
    write(path, rules("one"))
    async with following(path) as desk:
        for name in ("two", "three"):
            save(path, rules(name))
            assert await desk.next() == "ok"
            await asyncio.sleep(0.15)
    assert desk.names == ["two", "three"]


async def test_a_bad_edit_is_refused_and_a_mend_adopted(tmp_path: Path) -> None:
    """The old rules stay while the file is wrong; once mended it is in force."""
    path = tmp_path / "rules.yaml"
    write(path, rules("one"))
    async with following(path) as desk:
        for text, result in ((BAD, "refused"), ("rules: [", "refused"), (rules("two"), "ok")):
            write(path, text)
            assert await desk.next() == result
    assert desk.counted == ["refused", "refused", "ok"]
    assert desk.names == ["two"]


async def test_a_file_that_is_gone_keeps_the_old_rules(tmp_path: Path) -> None:
    """Deleting the file is refused; what comes in its place is adopted."""
    path = tmp_path / "rules.yaml"
    write(path, rules("one"))
    async with following(path) as desk:
        path.unlink()
        assert await desk.next() == "refused"
        write(path, rules("two"))
        assert await desk.next() == "ok"
    assert desk.names == ["two"]


async def test_what_changes_nothing_is_no_reload(tmp_path: Path) -> None:
    """A file touched, or another one written beside it, is neither adopted nor counted."""
    path = tmp_path / "rules.yaml"
    write(path, rules("one"))
    async with following(path) as desk:
        write(tmp_path / "alerts.jsonl", "{}")
        path.touch()
        await asyncio.sleep(0.4)
        write(path, rules("two"))
        assert await desk.next() == "ok"
    assert (desk.counted, desk.names) == (["ok"], ["two"])


async def test_a_watchlist_is_followed_like_its_rules(tmp_path: Path) -> None:
    """An edit of a watchlist's file puts rules with another hash in force."""
    path = tmp_path / "rules.yaml"
    write(tmp_path / "tech.txt", "ACME\n")
    write(path, LISTED)
    first = load_rules([path], SCORES)
    async with following(path) as desk:
        write(tmp_path / "tech.txt", "ACME\nBETA\n")
        assert await desk.next() == "ok"
    (found,) = desk.adopted
    assert found.sha != first.sha


class ConfigMap:
    """A folder as Kubernetes mounts one: the file links to ``..data``, that to a folder with the present version."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder, self._number = folder, 0
        self.swap(text)
        (folder / "rules.yaml").symlink_to("..data/rules.yaml")

    def swap(self, text: str) -> None:
        """Put a new version in place with one rename, then remove the old one."""
        data = self.folder / "..data"
        old = data.resolve() if data.is_symlink() else None
        self._number += 1
        version = self.folder / f"..2026_{self._number}"
        version.mkdir()
        (version / "rules.yaml").write_text(text, "utf-8")
        link = self.folder / "..data_tmp"
        link.symlink_to(version.name)
        os.replace(link, data)
        if old is not None:
            shutil.rmtree(old)


@pytest.mark.parametrize(
    "versions",
    [
        pytest.param([rules("two"), rules("three"), rules("four")], id="good ones"),
        pytest.param(
            [BAD, rules("two")],
            id="after a refusal",
        ),
    ],
)
async def test_a_config_map_is_followed(tmp_path: Path, versions: list[str]) -> None:
    """Swap after swap of a mounted config map is adopted, or refused where it is bad."""
    mounted = ConfigMap(tmp_path, rules("one"))
    async with following(tmp_path / "rules.yaml") as desk:
        for text in versions:
            mounted.swap(text)
            assert await desk.next_unasked() == ("refused" if text == BAD else "ok")
            await asyncio.sleep(0.15)


async def test_a_link_that_is_moved_is_followed(tmp_path: Path) -> None:
    """A link put on another release is followed, though the old release stays where it is."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "rules.yaml", rules(name))
    path = tmp_path / "rules.yaml"
    path.symlink_to("one/rules.yaml")
    async with following(path) as desk:
        (tmp_path / "fresh").symlink_to("two/rules.yaml")
        os.replace(tmp_path / "fresh", path)
        assert await desk.next_unasked() == "ok"
