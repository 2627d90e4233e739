"""Where a study goes: the terminal, a page, JSON, a policy, and the number into a rules file."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console

from engine.scoring.scorer import OnnxScorer
from models.errors import ThresholdError
from models.manifest import rounded
from models.profile import Profile
from models.thresholds.edit import set_threshold
from models.thresholds.policy import policy
from models.thresholds.study import Study
from models.thresholds.table import shown


class Outputs(Struct, frozen=True):
    """Files to write, each where it is given; ``write`` and ``rule`` name one number of a rules file."""

    report: Path | None = None
    json: Path | None = None
    policy: Path | None = None
    write: Path | None = None
    rule: str | None = None

    def check(self, profile: Profile) -> None:
        """Refuse, before anything is scored, what could not be written after it.

        Raises:
            ThresholdError: the message names the option and the mend.
        """
        if (self.write is None) != (self.rule is None):
            raise ThresholdError("--write RULES.yaml and --rule ID go together: which file, and which of its rules")
        if self.policy and not (profile.costs and profile.costs.costly):
            mend = "name event kinds on which errors cost more under `costs.events`"
            raise ThresholdError(f"--policy: profile {profile.id} has no costly event kind: {mend}")
        for path in (self.report, self.json, self.policy):
            if path and not path.parent.is_dir():
                raise ThresholdError(f"{path}: there is no folder {path.parent}; make it first")


def deliver(found: Study, scorer: OnnxScorer, outputs: Outputs, console: Console) -> None:
    """Print the study, then write what was asked for, the rules file last.

    Raises:
        RulesError: the rules file is not valid as it stands.
        ThresholdError: a file cannot be written, or the rule has no one place for the number.
    """
    console.print(shown(found))
    if outputs.json:
        _save(outputs.json, msgspec.json.format(msgspec.json.encode(rounded(msgspec.to_builtins(found)))), console)
    if outputs.report:
        from models.thresholds.page import page  # matplotlib comes with an extra

        _save(outputs.report, page(found).encode("utf-8"), console)
    if outputs.policy and found.matrix:
        text = policy(found.matrix, scorer.manifest, found.sha, found.criterion, found.seen.rows)
        _save(outputs.policy, text.encode("utf-8"), console)
    if outputs.write and outputs.rule:
        names = scorer.manifest.scores
        edit = set_threshold(outputs.write, outputs.rule, found.score, found.chosen.cut_off, names)
        console.print(str(edit), markup=False, highlight=False, soft_wrap=True)


def _save(path: Path, content: bytes, console: Console) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ThresholdError(f"{path}: cannot be written: {error.strerror}") from None
    console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
