"""One database for all outages of a process: nothing of one is there in the next."""

from tocsin.simulation.runner import play
from tocsin.simulation.storage import emptied_memory


def test_what_an_outage_left_is_gone_before_the_next() -> None:
    connection = emptied_memory()
    connection.run("insert into meta (key, value) values ('left', 'behind')")
    assert emptied_memory().all("select key from meta") == []


def test_what_broke_off_in_a_transaction_does_not_stop_the_next() -> None:
    emptied_memory().begin()
    assert not play(1).violations
