"""The list of checks of an installation, with what the settings say."""

from collections.abc import Callable

from tocsin import system
from tocsin.at_rest import certificate_end, secret_key
from tocsin.config import Settings
from tocsin.engine.audit import Auditor
from tocsin.engine.directories import Directories
from tocsin.engine.preflight import Preflight, Seen, Setting
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.store.database import Database
from tocsin.wiring.channels import pagers
from tocsin.wiring.messengers import here
from tocsin.wiring.roads import own_egress


def preflight_of(
    settings: Settings,
    database: Database,
    directories: Directories,
    *,
    seen: Callable[[], Seen],
) -> Preflight:
    """The list of checks of an installation."""
    clock = system.SteadyClock()
    url = here(settings)
    setting = Setting(
        database_url=settings.database_url,
        channels=frozenset(pagers(settings, now=clock.now)),
        public_url=url,
        has_public_url=bool(settings.public_url),
        ballast_mib=settings.ballast_mib,
        certificate_end=certificate_end(settings.tls_cert),
    )

    def reach() -> str:
        try:
            answer = own_egress().request(
                "GET", f"{url}/healthz", headers={}, timeout_seconds=10
            )
        except (DeliveryFailed, DeliveryUnknown) as error:
            return f"{url} could not be reached: {error.reason}"
        good = answer.status == 200
        return "" if good else f"{url}/healthz answered {answer.status}"

    auditor = Auditor(secret_key(settings))
    return Preflight(
        database,
        setting,
        auditor,
        clock,
        directory=directories.current,
        seen=seen,
        reach=reach,
    )
