"""`tocsin simulate`: seeded outages against the whole engine."""

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.option("--seeds", type=int, default=200, show_default=True, help="How many.")
@click.option("--start", type=int, default=0, show_default=True, help="The first seed.")
@click.option("--seed", type=int, default=None, help="One seed only.")
@click.option("--trace", is_flag=True, help="With --seed: print its whole history.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(
    seeds: int, start: int, seed: int | None, *, trace: bool, as_json: bool
) -> None:
    """Play outages with crashes, clock steps and failing providers; find lost pages.

    Exits 1 when an invariant was broken. Example: tocsin simulate --seeds 2000
    """
    from tocsin.simulation import main

    code = main(seeds=seeds, start=start, seed=seed, trace=trace, as_json=as_json)
    raise click.exceptions.Exit(code)
