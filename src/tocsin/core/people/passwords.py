"""Which passwords are good enough (NIST SP 800-63B-4, section 3.1.1.2).

Length instead of composition rules: at least twelve characters, because online
guessing is throttled and the stored hash is slow, so that what is left to fear is a
password that others chose too; those are refused by how soon a list and its usual
variations would reach them. Knows no hash and no list: the estimate is handed in.
"""

import unicodedata
from collections.abc import Callable, Sequence

SHORTEST = 12
# Longer than anybody types; hashing more would only serve who wants to keep us busy.
LONGEST = 256
# A guesser who got the hashes tries about a hundred a second and core.
FEWEST_GUESSES = 10**9
_SHORTEST_PART = 4
# How many guesses until this password, which may be about these words.
Guesses = Callable[[str, Sequence[str]], float]


def normalised(password: str) -> str:
    """One form for what different keyboards send for the same characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def problem(
    password: str, *, about: Sequence[str], shortest: int, guesses: Guesses
) -> str:
    """Why this password cannot be used, "" when it can.

    `about` are words that belong to its owner or to us: handle, name, mail address.
    """
    length = len(password)
    if length < shortest:
        return f"It has {length} characters; {shortest} or more are needed. Three or four unrelated words are easy to remember."
    if length > LONGEST:
        return f"It has {length} characters; {LONGEST} are the most."
    parts = words(about)
    found = next((one for one in parts if one in password.casefold()), "")
    # What is left beside the name has to be long enough alone.
    rest = password.casefold().replace(found, "") if found else password
    if found and len(rest) < shortest:
        return f"It is mostly {found!r}, which others know of you."
    if len(set(password)) < 5:
        return "It repeats the same few characters."
    if guesses(password, parts) < FEWEST_GUESSES:
        return "It is on the lists of common or stolen passwords, or close to one that is. Choose something nobody else would."
    return ""


def words(about: Sequence[str]) -> list[str]:
    """The words of names and addresses that are long enough to matter."""
    found: dict[str, None] = {}
    for text in about:
        for whole in (text, text.partition("@")[0]):
            found[whole.casefold()] = None
        for separator in "@._-+":
            text = text.replace(separator, " ")
        found.update(dict.fromkeys(text.casefold().split()))
    return sorted((one for one in found if len(one) >= _SHORTEST_PART), key=len)[::-1]
