"""An evaluation, asked for and written down."""

from __future__ import annotations

from pathlib import Path

from models.evaluation.study import Question, Study, study
from models.profile import Profile, SourceSpec


def evaluate_fully(
    profile: Profile, folder: Path, source: SourceSpec, data: Path, rules: Path, report: Path | None, json: Path | None
) -> Study:
    """Take every figure of an artefact and write the page and the JSON that were asked for.

    Raises:
        DataError: a data file is missing or refused.
        ProfileError: the artefact was built for other heads or labels than the profile's.
        ArtifactError: the artefact is missing or not what its manifest says.
        RulesError: the rules name what the model does not give.
    """
    found = study(Question(folder, source, rules, data), profile)
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_bytes(found.to_json() + b"\n")
    if report is not None:
        from models.evaluation.page import page

        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(page(found), "utf-8")
    return found
