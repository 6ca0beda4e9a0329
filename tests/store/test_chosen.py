"""Rows by their numbers: one text for every list of them, on every database."""

from tocsin.store.chosen import by_number
from tocsin.store.database import Database


def test_any_numbers_are_found_with_one_statement(database: Database) -> None:
    def found(*numbers: int) -> tuple[str, list[int]]:
        condition, listed = database.read(lambda tx: by_number(tx, "n", numbers))
        sql = "select n from (select 1 as n union all select 2 union all select 3) as listed"
        rows = database.read(
            lambda tx: tx.all(f"{sql} where {condition} order by n", numbers=listed)
        )
        return condition, [n for (n,) in rows]

    some, none = found(3, 1), found(7)
    assert (some[1], none[1]) == ([1, 3], [])
    assert some[0] == none[0]
