"""A log line is one line, whatever was in it, and shows no local variable."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from tocsin import logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    made = io.StringIO()
    logs.configure(made)
    yield made
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


FORGED = "x\n2026-11-25T03:00:00Z error pager_stopped by=admin\r\x1b[2K\u2028\u0085\x00\u202e"


def test_nothing_from_outside_can_forge_a_line(out: io.StringIO) -> None:
    log = structlog.get_logger()
    log.error("event_refused", reason=FORGED, **{"integration\nx": FORGED})
    log.warning(FORGED, more={"deep": [FORGED]})
    logging.getLogger("library").error("said %s", FORGED)
    text = out.getvalue()
    assert text.count("\n") == 3
    assert not set(text) & set("\r\x1b\u2028\u0085\x00\u202e")
    assert all(line.split(" ")[1] in ("error", "warning") for line in text.splitlines())


def test_a_quote_cannot_end_a_value_early(out: io.StringIO) -> None:
    structlog.get_logger().error("refused", reason='a" level=info name="b', safe="c")
    assert r'reason="a\" level=info name=\"b" safe=c' in out.getvalue()


def test_a_traceback_tells_no_local_variable(out: io.StringIO) -> None:
    def fails() -> None:
        password = "s3cr3t-" + "in-a-variable"
        assert password
        raise ValueError("it broke\nfor a reason")

    try:
        fails()
    except ValueError as error:
        structlog.get_logger().error("broken", exc_info=error)
        logging.getLogger("library").exception("broken")
    text = out.getvalue()
    assert "s3cr3t-in-a-variable" not in text
    assert "ValueError: it broke" in text
    assert text.count("\n") == 2


def test_letters_of_every_script_stay_readable(out: io.StringIO) -> None:
    structlog.get_logger().error("zahlung", title="支払い失敗 Größe")
    assert 'title="支払い失敗 Größe"' in out.getvalue()
