"""Orders that cannot work are refused before anything is read, and the command line says so in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.__main__ import main
from models.errors import ModelsError, ProfileError
from models.label.order import LabelOrder, Server, asked_heads, check
from models.profile import HeadSpec, load_profile


def _order(folder: Path, **fields: Any) -> LabelOrder:
    server = Server(fields.pop("model", "m"), fields.pop("base_url", "http://localhost/v1"))
    order = LabelOrder(folder / "t.txt", folder / "g.md", folder / "out.tsv", load_profile("news"), server)
    return msgspec.structs.replace(order, **fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"model": ""}, "no model: give --model, or set FLASHWIRE_LABEL_MODEL"),
        ({"base_url": "localhost:8000"}, "base URL 'localhost:8000': not an address; give --base-url"),
        ({"shots": 4}, "--shots without --examples"),
        ({"examples": Path("e.tsv")}, "--examples without --shots"),
        ({"limit": 5.0, "price_in": 1.0}, "--limit needs prices: give --price-in and --price-out"),
        ({"out": Path("/nowhere/out.tsv")}, r"/nowhere/out\.tsv: cannot be written: give --out"),
        ({"cache": Path("/nowhere/cache")}, "/nowhere/cache: cannot be written"),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    """Each with the option or variable that mends it."""
    with pytest.raises(ModelsError, match=says):
        check(_order(tmp_path, **fields))


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    """Whether by its name or through a link."""
    (tmp_path / "link.txt").symlink_to(tmp_path / "t.txt")
    for out in ("t.txt", "g.md", "link.txt"):
        with pytest.raises(ModelsError, match="would be overwritten, and is an input"):
            check(_order(tmp_path, out=tmp_path / out))


def test_an_address_is_shown_without_its_password() -> None:
    """What stands before the @ of a base URL is nobody's business."""
    assert Server("m", "https://me:secret@host:8/v1").address == "https://host:8/v1"


def test_a_profile_without_labels_is_refused() -> None:
    """Joint events follow from other heads, so there is nothing to ask for."""
    profile = msgspec.structs.replace(load_profile("news"), heads={"trigger": HeadSpec(all=["urgency.high"])})
    with pytest.raises(ProfileError, match="profile news: heads: none has `labels`"):
        asked_heads(profile)


def test_the_command_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and no trace of a trace."""
    pytest.importorskip("openai", reason="needs the label extra")
    arguments = ["label", "nothing.txt", "--guideline", "none.md", "--out", str(tmp_path / "o.tsv"), "--model", "m"]
    monkeypatch.setattr("sys.argv", ["models", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == ("error: none.md: no such file; give the labelling guideline with --guideline\n")
