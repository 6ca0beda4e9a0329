"""`tocsin reviews lint` and `tocsin runbooks lint`, on the article's own texts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.core.reviews.test_postmortems import ARTICLE as POSTMORTEM
from tests.core.test_runbooks import ARTICLE as RUNBOOK
from tocsin import cli


def run(*arguments: str, text: str = ""):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(cli.root, arguments, input=text)


def test_the_articles_post_mortem_has_nothing_to_be_said() -> None:
    done = run("reviews", "lint", "-", text=POSTMORTEM)
    assert (done.exit_code, done.output) == (0, "-: nothing to say.\n")


def test_what_is_wrong_with_a_review_is_said_with_its_place() -> None:
    text = POSTMORTEM.replace("Detailed explanation.", "Alice forgot it.").replace(
        "Brief overview of the incident.", ""
    ).replace("Owner: Bob, ", "")  # fmt: skip
    done = run("reviews", "lint", "-", "--json", "--person", "Alice", text=text)
    assert done.exit_code == 1
    found = [(one["code"], one["where"]) for one in json.loads(done.output)]
    assert found == [
        ("PM01", "Summary"),
        ("BL1", "Root Cause"),
        ("BL6", "Root Cause"),
        ("AI01", "Action Items"),
    ]


def test_the_articles_runbook_has_the_faults_of_the_specification(
    tmp_path: Path,
) -> None:
    file = tmp_path / "database.md"
    file.write_text(RUNBOOK)
    done = run("runbooks", "lint", str(file), "--owner", "payments")
    assert done.exit_code == 1
    codes = [line.split(": ")[1].split()[0] for line in done.output.splitlines()]
    assert codes == ["RB03", "RB06", "RB05", "RB08"]


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (("reviews", "lint", "-"), "Just words.", "expected some of Summary"),
        (("reviews", "lint", "-", "--date", "soon"), POSTMORTEM, "soon"),
        (("reviews", "lint", "/nowhere.md"), "", "No such file"),
        (("runbooks", "lint", "-"), "---\na: [\n---\n", "expected YAML"),
        (("reviews", "export", "seven"), "", "expected an incident such as INC-7"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], text: str, said: str) -> None:
    done = run(*arguments, text=text)
    assert done.exit_code == 2
    assert said in done.output
