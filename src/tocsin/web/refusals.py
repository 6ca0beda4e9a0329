"""What a refused change of a configuration document says beside a form's fields."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from msgspec import structs
from starlette.datastructures import FormData

from tocsin.core.excerpts import clean
from tocsin.engine.editing import Edited
from tocsin.web.forms import Form


def typed(form: FormData, names: Collection[str]) -> dict[str, str]:
    """What was typed into the fields `names`, fit to be kept."""
    return {
        name: clean(str(form.get(name, "")), longest=4000).strip() for name in names
    }


def refused(values: Mapping[str, str], done: Edited) -> Form:
    """The form again: each problem at its field, what has none above them."""
    if done.conflict:
        return Form(values, {}, f"{done.conflict} What you typed is still here.")
    at_fields: dict[str, str] = {}
    others = [one for one in (done.refused, done.missing) if one]
    for problem in done.problems:
        field = problem.where.rpartition(".")[2].split("[")[0]
        said = problem.sentence
        if "." in problem.where and field in values:
            at_fields.setdefault(field, said)
        else:
            others.append(f"{problem.where}: {problem.sentence}")
    return Form(values, at_fields, " ".join(others[:5]))


def away_fields(done: Edited) -> Edited:
    """Problems of days away at the fields that ask for them."""
    named = {"from": "days.away_from", "to": "days.away_to"}
    problems = tuple(
        replace(one, where=named.get(one.where, one.where)) for one in done.problems
    )
    return structs.replace(done, problems=problems)


def status_of(done: Edited) -> int:
    """The status of the answer to a change that was not done."""
    if done.refused:
        return 403
    return 404 if done.missing else 409 if done.conflict else 422
