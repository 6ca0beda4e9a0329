"""What can be connected, in the words of each sender: what to paste.

Texts only; the dialects themselves are in their own files. `«address»` is the whole
address of an integration, `«base»` ours, `«host»` and `«scheme»` its parts, `«key»` the
key alone. Sources: the senders' own documentation, read 2026-11-23 to 2026-11-25.
"""

from tocsin.integrations.catalogue.changes import CHANGES
from tocsin.integrations.catalogue.channels import CHANNELS
from tocsin.interfaces.arrivals import Sender, Snippet

__all__ = ["CHANNELS", "DATADOG_PAYLOAD", "SENDERS"]

# What Datadog fills in; integrations/datadog.py reads these names.
DATADOG_PAYLOAD = (
    '{"id": "$ID", "cycle": "$ALERT_CYCLE_KEY", "monitor_id": "$ALERT_ID", '
    '"transition": "$ALERT_TRANSITION", "alert_type": "$ALERT_TYPE", '
    '"severity": "$ALERT_PRIORITY", "title": "$EVENT_TITLE", "body": "$EVENT_MSG", '
    '"scopes": "$ALERT_SCOPE", "tags": "$TAGS", "query": "$ALERT_QUERY", '
    '"host": "$HOSTNAME", "url": "$LINK", "date": "$DATE"}'
)

SENDERS: tuple[Sender, ...] = (
    Sender(
        "prometheus",
        "prometheus",
        "Prometheus",
        "Tocsin poses as an Alertmanager: your alerting rules page people directly.",
        (
            "alerts with labels and annotations",
            "resolved by itself when no longer sent",
            "silences by amtool and Grafana",
        ),
        (
            Snippet(
                "prometheus.yml",
                "alerting:\n  alertmanagers:\n    - scheme: «scheme»\n"
                "      path_prefix: /in/«key»\n      static_configs:\n"
                '        - targets: ["«host»"]\n',
                "Then reload Prometheus: kill -HUP, or POST /-/reload.",
            ),
            Snippet(
                "A rule that pages",
                "groups:\n  - name: checkout\n    rules:\n      - alert: HighErrorRate\n"
                "        expr: rate(errors_total[5m]) / rate(requests_total[5m]) > 0.05\n"
                "        for: 5m\n        labels: {severity: critical}\n"
                "        annotations:\n"
                '          summary: "Checkout error rate is above 5%"\n',
                "critical pages as SEV2; SEV1 where the integration may declare it.",
            ),
        ),
        "monitoring metrics alertmanager api v2 grafana mimir thanos ruler",
    ),
    Sender(
        "vmalert",
        "prometheus",
        "vmalert",
        "VictoriaMetrics' rule engine, by the same protocol as Prometheus.",
        (
            "alerts with labels and annotations",
            "resolved by itself when no longer sent",
        ),
        (
            Snippet(
                "vmalert's flags",
                "vmalert -rule=rules.yml -datasource.url=http://victoria:8428 \\\n"
                "  -notifier.url=«address»\n",
            ),
        ),
        "victoriametrics monitoring metrics",
    ),
    Sender(
        "alertmanager",
        "alertmanager",
        "Alertmanager",
        "Keep your Alertmanager with its grouping and routes; Tocsin is its receiver.",
        ("each alert of a group on its own", "firing and resolved"),
        (
            Snippet(
                "alertmanager.yml",
                "route:\n  receiver: tocsin\nreceivers:\n  - name: tocsin\n"
                "    webhook_configs:\n      - url: «address»\n"
                "        send_resolved: true\n",
                "Then: amtool check-config alertmanager.yml, and reload.",
            ),
        ),
        "prometheus webhook receiver grafana mimir",
    ),
    Sender(
        "datadog",
        "datadog",
        "Datadog",
        "Monitors by a webhook with a payload that is ready to paste; events by its API.",
        (
            "one alert from triggered to recovered",
            "P1 to P5, warnings, no data",
            "events of its clients as alerts or changes",
        ),
        (
            Snippet("Integrations, Webhooks, New: URL", "«address»\n"),
            Snippet(
                "Its payload",
                f"{DATADOG_PAYLOAD}\n",
                "Then @webhook-NAME in the message of each monitor.",
            ),
            Snippet(
                "Events of programs",
                'DATADOG_HOST=«address» dog event post "Deploy 1.24" "to production"\n',
            ),
        ),
        "monitoring apm monitor event dog saas",
    ),
    Sender(
        "pagerduty",
        "pagerduty-events",
        "PagerDuty Events",
        "Whatever sends to PagerDuty sends here: same paths, bodies and answers.",
        (
            "Events v2 and v1",
            "change events on the timeline",
            "acknowledge from a sender",
        ),
        (
            Snippet(
                "Try it with curl",
                "curl -X POST «base»/v2/enqueue -H 'Content-Type: application/json' -d '{\n"
                '  "routing_key": "«key»", "event_action": "trigger",\n'
                '  "dedup_key": "disk-db1", "payload": {"severity": "critical",\n'
                '    "summary": "Disk of db1 is 97% full", "source": "db1"}}\'\n',
                'And {"event_action": "resolve"} with the same dedup_key when it is over.',
            ),
            Snippet(
                "Python SDK (pagerduty)",
                "from pagerduty import EventsApiV2Client\n\n"
                'client = EventsApiV2Client("«key»", base_url="«base»")\n'
                'client.trigger("Disk of db1 is 97% full", "db1", dedup_key="disk-db1")\n',
                "Other tools: set the Events API address to the base, the key as "
                "integration or routing key.",
            ),
        ),
        "events api v2 v1 routing key datadog newrelic sentry zabbix icinga sdk",
    ),
    Sender(
        "json",
        "generic",
        "JSON by webhook",
        "Anything that can POST JSON. Common names just work, others are mapped by path.",
        ("title, key, severity, status from the body", "a field-by-field check below"),
        (
            Snippet(
                "Raise",
                "curl -X POST «address» -H 'Content-Type: application/json' -d '{\n"
                '  "action": "trigger", "key": "disk-db1", "severity": "SEV2",\n'
                '  "title": "Disk of db1 is 97% full"}\'\n',
            ),
            Snippet(
                "Resolve",
                "curl -X POST «address» -H 'Content-Type: application/json' \\\n"
                '  -d \'{"action": "resolve", "key": "disk-db1"}\'\n',
            ),
        ),
        "generic webhook http curl script uptime kuma grafana zabbix custom",
    ),
    Sender(
        "heartbeat",
        "heartbeat",
        "Heartbeat",
        "A job says that it is well; people are paged when it falls silent.",
        (
            "missed in time, or failed with its exit status",
            "healthchecks.io clients work",
        ),
        (
            Snippet(
                "Crontab",
                "0 3 * * * /usr/local/bin/backup && "
                "curl -fsS -m 10 --retry 5 «ping» > /dev/null\n",
            ),
            Snippet(
                "With the exit status",
                "/usr/local/bin/backup; curl -fsS -m 10 --retry 5 «ping»/$?\n",
                "0 is well, anything else opens an alert at once.",
            ),
        ),
        "cron dead man snitch healthchecks ping backup job watchdog",
    ),
    *CHANGES,
    Sender(
        "mail-bounces",
        "mail-bounces",
        "Bounced mail",
        "Customers whose mail comes back are not written to again.",
        ("no alerts", "whose mail it was, also where it was forwarded"),
        (
            Snippet(
                "Postfix, in master.cf",
                "tocsin unix - n n - - pipe flags=OR user=nobody argv=/bin/sh -c\n"
                "  {curl -fsS --data-binary @- «address» || exit 75}\n",
                "And in the transport map the TOCSIN_BOUNCE_ADDRESS: "
                "bounces@mail.example.com tocsin:",
            ),
            Snippet(
                "Amazon SES, Mailgun, Postmark, SendGrid",
                "«address»\n",
                "As the address of a webhook for bounces and complaints.",
            ),
        ),
        "email bounce dsn verp postfix ses sns mailgun postmark sendgrid complaint",
    ),
    Sender(
        "tocsin",
        "generic",
        "tocsin send",
        "The command line: from a script, a Makefile or a terminal.",
        ("raise, acknowledge and resolve by key",),
        (
            Snippet(
                "A script",
                "export TOCSIN_URL=«base» TOCSIN_TOKEN=…\n"
                "tocsin send --integration «name» --key disk-db1 --severity SEV2 \\\n"
                '  "Disk of db1 is 97% full"\n',
                "A token with the scope send is enough.",
            ),
        ),
        "cli shell script",
    ),
    Sender(
        "amtool",
        "prometheus",
        "amtool",
        "Alertmanager's own command line: alerts by hand, silences, queries.",
        ("alert add, alert query, silence add",),
        (
            Snippet(
                "amtool",
                "amtool --alertmanager.url=«address» alert add HighErrorRate \\\n"
                "  severity=critical --annotation=summary='Checkout fails'\n"
                "amtool --alertmanager.url=«address» silence query\n",
            ),
        ),
        "cli alertmanager silence",
    ),
)
