"""Which social networks the settings name."""

from collections.abc import Callable
from datetime import datetime

from tocsin import system
from tocsin.config import Settings
from tocsin.integrations import bluesky, mastodon, x
from tocsin.interfaces.pagers import Poster
from tocsin.wiring.roads import own_egress


def social_posters(settings: Settings, *, now: Callable[[], datetime]) -> list[Poster]:
    """Every social network that the settings name."""
    found: list[Poster] = []
    egress = own_egress()
    if settings.mastodon_url:
        token = settings.mastodon_token.get_secret_value()
        found.append(mastodon.MastodonPoster(settings.mastodon_url, token, egress))
    if settings.bluesky_handle:
        found.append(
            bluesky.BlueskyPoster(
                settings.bluesky_url,
                settings.bluesky_handle,
                settings.bluesky_password.get_secret_value(),
                egress,
            )
        )
    if settings.x_key.get_secret_value():
        secrets = x.XSecrets(
            settings.x_key.get_secret_value(),
            settings.x_key_secret.get_secret_value(),
            settings.x_token.get_secret_value(),
            settings.x_token_secret.get_secret_value(),
        )
        found.append(
            x.XPoster(
                secrets, egress, now=now, nonce=system.new_key, url=settings.x_url
            )
        )
    return found
