"""Tocsin: an alert pages the person on call until someone answers."""

__version__ = "0.1.0"
