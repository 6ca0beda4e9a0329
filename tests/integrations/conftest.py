"""What every test of an integration begins with."""

import pytest
from urllib3.util import connection


@pytest.fixture(autouse=True)
def plain_requests() -> None:
    """`requests` as it is: a pager of Apprise, made in the same process, guards it for good.

    The vendors' own clients go to servers of this machine by it.
    """
    held = connection.create_connection
    connection.create_connection = getattr(held, "plain", held)
