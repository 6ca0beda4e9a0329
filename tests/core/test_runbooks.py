"""Runbooks: the article's parses as domain 6 says; steps keep their ids; lint can trip."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.outline import Part
from tocsin.core.runbook_lint import lint
from tocsin.core.runbook_steps import Command, command
from tocsin.core.runbooks import BadRunbook, Front, parse

ARTICLE = """\
## Database Connection Errors Runbook

## Symptoms
- 5xx errors on API
- Database connection pool exhausted

## Diagnosis
1. Check database CPU: `SHOW PROCESSLIST`
2. Check connections: `SELECT count(*) FROM pg_stat_activity`

## Resolution
1. Kill long-running queries
2. Scale up database
3. Restart app pods if needed

## Prevention
- Add connection pool limits
- Set query timeouts
- Add monitoring alerts
"""


def shown(steps):
    return [
        (s.number, s.text, [(c.kind, c.text) for c in s.commands], s.kind)
        for s in steps
    ]


def test_the_articles_runbook_is_read() -> None:
    book = parse(ARTICLE)
    assert book.title == "Database Connection Errors Runbook"
    assert book.symptoms == ("5xx errors on API", "Database connection pool exhausted")
    assert shown(book.diagnosis) == [
        ("D1", "Check database CPU: `SHOW PROCESSLIST`", [("sql", "SHOW PROCESSLIST")], "sql"),
        ("D2", "Check connections: `SELECT count(*) FROM pg_stat_activity`",
         [("sql", "SELECT count(*) FROM pg_stat_activity")], "sql"),
    ]  # fmt: skip
    assert shown(book.resolution) == [
        ("R1", "Kill long-running queries", [], "manual"),
        ("R2", "Scale up database", [], "manual"),
        ("R3", "Restart app pods if needed", [], "manual"),
    ]
    assert book.prevention == (
        "Add connection pool limits", "Set query timeouts", "Add monitoring alerts",
    )  # fmt: skip
    assert (book.notes, book.front) == ((), Front())


def test_the_articles_runbook_has_the_faults_that_the_specification_finds() -> None:
    found = [(one.code, one.where, one.given) for one in lint(parse(ARTICLE))]
    assert found == [
        ("RB01", "", "Database Connection Errors Runbook"),
        ("RB03", "D1", "SHOW PROCESSLIST"),
        ("RB06", "R1", "Kill"),
        ("RB05", "R3", "if needed"),
        ("RB08", "Prevention", "Add monitoring alerts"),
    ]
    said = lint(parse(ARTICLE), owner="payments")[0].said
    assert said == (
        "shows queries, not CPU, and is MySQL, "
        "while the rest of the runbook asks PostgreSQL."
    )


def test_sections_have_other_names_and_the_unknown_ones_are_notes() -> None:
    text = (
        "Setext title\n===\nRead me first.\n\n## Triage\n* Look\n\n"
        "## Background\nOld.\n### Detail\nx\n## MITIGATION:\n- Act\n## Follow-up\n+ Later\n"
    )
    book = parse(text)
    assert book.title == "Setext title"
    assert [s.text for s in book.diagnosis] == ["Look"]
    assert [s.text for s in book.resolution] == ["Act"]
    assert book.prevention == ("Later",)
    assert book.notes == (
        Part("", 1, "Read me first."),
        Part("Background", 2, "Old.\n### Detail\nx"),
    )


def test_steps_have_nested_ones_and_blocks_of_code() -> None:
    text = (
        "# R\n## Diagnosis\n"
        "1. Look at pods:\n\n   ```bash\n   kubectl get pods\n   ```\n"
        "   - on every node\n   - in `eu`\n"
        "2. Ask the database\n\n"
        "```sql:pg-main\nSELECT 1;\n```\n"
    )
    first, second = parse(text).diagnosis
    assert first.commands == (Command("kubectl get pods", "shell"),)
    assert [(s.number, s.text) for s in first.steps] == [
        ("D1.1", "on every node"),
        ("D1.2", "in `eu`"),
    ]
    assert second.commands == (Command("SELECT 1;", "sql", "pg-main"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", Command("SELECT 1", "sql")),
        ("explain SELECT 1", Command("explain SELECT 1", "sql")),
        ("sql:pg-main SELECT 1", Command("SELECT 1", "sql", "pg-main")),
        ("https://grafana.example/d/1", Command("https://grafana.example/d/1", "link")),
        ("kubectl get pods", Command("kubectl get pods", "shell")),
        ("git", Command("git", "text")),
        ("pg_stat_activity", Command("pg_stat_activity", "text")),
    ],
)
def test_a_command_is_known_by_its_prefix_or_its_first_word(text, expected) -> None:
    assert command(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Check database CPU: `SHOW PROCESSLIST`", "Check database CPU"),
        (
            "Look with `kubectl get pods` and count",
            "Look with `kubectl get pods` and count",
        ),
        ("Look at `pg_stat_activity`", "Look at `pg_stat_activity`"),
        ("`git revert HEAD`", "`git revert HEAD`"),
    ],
)
def test_the_words_of_a_step_leave_out_a_command_at_their_end(text, words) -> None:
    (step,) = parse(f"# R\n## Diagnosis\n- {text}\n").diagnosis
    assert step.words == words


def test_a_step_keeps_its_id_when_steps_are_added_and_renumbered() -> None:
    before = parse("# R\n## Diagnosis\n1. Look\n2. Think\n")
    after = parse("# R\n## Triage\n- Breathe\n- Think\n-  look  \n")
    ids = {s.text.lower(): s.id for s in before.diagnosis}
    assert {s.text: s.id for s in after.diagnosis if s.text != "Breathe"} == {
        "Think": ids["think"],
        "look": ids["look"],
    }


def test_two_steps_with_the_same_words_have_ids_of_their_own() -> None:
    book = parse("# R\n## Diagnosis\n- Look\n- Look\n## Resolution\n- Look\n")
    ids = [s.id for s in book.steps]
    assert len(set(ids)) == 3 and ids[1] == f"{ids[0]}-2"


def test_front_matter_is_read() -> None:
    book = parse(
        "---\nid: db\nowner: payments\nalerts: [HighErrorRate]\nreviewed: 2026-01-15\n"
        "data_sources: {pg-main: postgresql}\n---\n# R\n## Diagnosis\n- Look at pg\n"
    )
    assert book.front == Front(
        id="db",
        owner="payments",
        alerts=("HighErrorRate",),
        reviewed=date(2026, 1, 15),
        data_sources={"pg-main": "postgresql"},
    )
    assert book.title == "R"


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("- a", "expected fields"),
        ("a: [", "expected YAML"),
        ("reviewed: soon", "expected a day"),
    ],
)
def test_front_matter_that_cannot_be_read_is_refused(front, said) -> None:
    with pytest.raises(BadRunbook, match=said):
        parse(f"---\n{front}\n---\n# R\n")


@pytest.mark.parametrize(
    ("steps", "codes"),
    [
        ("- Look at the pool of `pg-main`", []),
        ("- Run kubectl get pods", ["RB04"]),
        ("- Run `kubectl get pods`", []),
        ("- Scale the API up as needed", ["RB05"]),
        ("- Scale the API up if the queue is longer than 100", []),
        ("- Drop the table `carts`", ["RB06"]),
        ("- Drop the table `carts`, with approval of the IC", []),
        ("- Clean up: `rm -rf /var/cache/carts`", ["RB06"]),
        ("- Check logs", ["RB08"]),
        ("- Check logs: `journalctl -u api`", []),
        ("- Ask: `sql:my-main SELECT * FROM pg_stat_activity`", ["RB03"]),
        ("- Ask: `sql:pg-main SELECT * FROM pg_stat_activity`", []),
        ("- See memory: `sql:pg-main SELECT * FROM pg_stat_activity`", ["RB03"]),
    ],
)
def test_a_step_is_read_for_what_makes_it_hard_to_follow(steps, codes) -> None:
    front = "---\nowner: payments\ndata_sources: {my-main: mysql, pg-main: postgresql}\n---\n"
    text = f"{front}# R\n## Diagnosis\n{steps}\n## Resolution\n- Take version 417\n"
    assert [one.code for one in lint(parse(text))] == codes


def test_a_runbook_without_steps_is_told_so() -> None:
    found = lint(parse("Just words."), owner="payments")
    assert [(one.code, one.where) for one in found] == [
        ("RB02", "Diagnosis"),
        ("RB02", "Resolution"),
    ]


@given(st.text(alphabet="#-1.` \n\tab:", max_size=80))
def test_any_text_is_a_runbook_of_some_kind(text) -> None:
    book = parse(text)
    lint(book)
    assert parse(text) == book
