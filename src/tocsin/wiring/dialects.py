"""What senders speak, by the type of an integration."""

from tocsin.integrations import (
    alertmanager,
    datadog,
    generic,
    github,
    heartbeat,
    kubernetes,
    mail_bounces,
    pagerduty_events,
    prometheus,
)
from tocsin.interfaces.arrivals import Dialect

DIALECTS: dict[str, Dialect] = {
    one.INTEGRATION.type: one.INTEGRATION
    for one in (
        prometheus,
        alertmanager,
        pagerduty_events,
        generic,
        heartbeat,
        github,
        mail_bounces,
        kubernetes,
        datadog,
    )
}
