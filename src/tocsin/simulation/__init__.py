"""The whole engine under a seeded world that breaks things, judged from outside.

The real store, core and engine run under a virtual clock; only the clock, the dice,
the providers, the senders and the people are made up (docs/operations/simulation.md).
"""
