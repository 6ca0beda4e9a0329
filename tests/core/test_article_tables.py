"""The article's tables, byte for byte: as data, and in the order people read them."""

from tocsin.core import severity_table
from tocsin.core.incidents import roles
from tocsin.core.reviews import lessons
from tocsin.core.severity import Severity


def _lines(headings, rows):
    return "\n".join(" ".join(cells) for cells in (headings, *rows))


def test_the_severity_table_is_the_articles() -> None:
    rows = [row.cells for row in severity_table.TABLE]
    assert _lines(severity_table.HEADINGS, rows) == (
        "Severity Impact Example Response Time\n"
        "SEV1 Critical - Full outage All users affected Immediate\n"
        "SEV2 Major - Partial outage 50% users affected 15 min\n"
        "SEV3 Moderate - Degradation Slow response times 1 hour\n"
        "SEV4 Minor - Small impact Few users affected 4 hours"
    )


def test_a_severity_finds_its_own_row() -> None:
    for severity in Severity:
        assert severity_table.meaning_of(severity).severity is severity


def test_the_roles_are_the_articles() -> None:
    rows = [(role.value, roles.RESPONSIBILITY[role]) for role in roles.Role]
    assert _lines(("Role", "Responsibility"), rows) == (
        "Role Responsibility\n"
        "IC Overall coordination\n"
        "Lead Technical investigation\n"
        "Comms Internal/external comms\n"
        "Scribe Document timeline"
    )


def test_the_common_fixes_are_the_articles() -> None:
    rows = [row.cells for row in lessons.FIXES]
    assert _lines(lessons.FIX_HEADINGS, rows) == (
        "Issue Quick Fix Long-term\n"
        "Memory leak Restart pods Fix leak\n"
        "DB overload Scale up Optimize queries\n"
        "Bad deploy Rollback Better testing\n"
        "External Failover Redundancy"
    )


def test_the_lessons_are_the_articles() -> None:
    rows = [row.cells for row in lessons.LESSONS]
    assert _lines(lessons.LESSON_HEADINGS, rows) == (
        "Finding Action\n"
        "Missing alert Add monitoring\n"
        "Slow detection Improve alerts\n"
        "Unclear process Update runbook\n"
        "Bad rollback Test rollbacks"
    )
    assert all(row.kind in lessons.KINDS and row.proof for row in lessons.LESSONS)
