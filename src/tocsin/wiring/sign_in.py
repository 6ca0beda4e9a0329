"""How people get in: the ways that the settings allow, and who else signs them in."""

from collections.abc import Callable
from datetime import datetime

from argon2 import PasswordHasher

from tocsin.config import Settings
from tocsin.core.people import groups
from tocsin.engine.credentials import Credentials, Ways, credentials
from tocsin.engine.signing_in.visits import Porter
from tocsin.engine.single_sign_on import SsoSettings
from tocsin.integrations import oidc
from tocsin.wiring.roads import own_egress


def credentials_of(settings: Settings, porter: Porter) -> Credentials:
    """Every way in, over one porter."""
    return credentials(
        porter,
        PasswordHasher(),
        Ways(
            shortest_password=settings.password_min_length,
            local_passwords=settings.local_passwords,
            mail_links=settings.mail_links,
        ),
        provider=identity_provider(settings, now=porter.clock.now),
        sso=SsoSettings(
            name=settings.oidc_name,
            mapping=groups.read(settings.oidc_groups),
            creates=settings.oidc_create,
            trusts_email=settings.oidc_trust_email,
        ),
    )


def identity_provider(
    settings: Settings, *, now: Callable[[], datetime]
) -> oidc.OidcProvider | None:
    """Who else signs people in, if the settings name somebody."""
    if not settings.oidc_issuer:
        return None
    ours = oidc.OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        groups_claim=settings.oidc_groups_claim,
    )
    return oidc.OidcProvider(ours, own_egress(), now=now)
