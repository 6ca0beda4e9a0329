"""By what people are reached, in words for whoever chooses."""

from tocsin.interfaces.arrivals import Channel

CHANNELS: tuple[Channel, ...] = (
    Channel(
        "email",
        "E-mail",
        "By your own mail server; the link in it acknowledges.",
        "TOCSIN_SMTP_URL",
    ),
    Channel(
        "sms",
        "Text message",
        "Reply 1a to acknowledge, 1p to pass on, 1d to declare; by Twilio or Plivo.",
        "TOCSIN_TWILIO_ACCOUNT",
    ),
    Channel(
        "voice",
        "Call",
        "Rings until somebody picks up; 1 acknowledges. By Twilio or Plivo.",
        "TOCSIN_TWILIO_ACCOUNT",
    ),
    Channel(
        "push",
        "Browser push",
        "A notification of this browser, also on a phone that has Tocsin on its home "
        "screen. Add it on your page, in that browser.",
    ),
    Channel(
        "slack",
        "Slack message",
        "A direct message with buttons; the address is a member id.",
        "TOCSIN_SLACK_TOKEN",
    ),
    Channel(
        "mattermost",
        "Mattermost message",
        "A direct message with buttons; the address is a username.",
        "TOCSIN_MATTERMOST_URL",
    ),
    Channel(
        "matrix",
        "Matrix message",
        "A room of you and Tocsin; one line acknowledges. The address is @you:server.",
        "TOCSIN_MATRIX_URL",
    ),
    Channel(
        "teams",
        "Microsoft Teams card",
        "A card by a workflow of yours, whose button opens the page that answers.",
    ),
    Channel(
        "telegram",
        "Telegram message",
        "With buttons; write /start to the bot, and it tells you your address.",
        "TOCSIN_TELEGRAM_TOKEN",
    ),
    Channel(
        "discord",
        "Discord message",
        "A direct message with buttons; the address is your user id.",
        "TOCSIN_DISCORD_TOKEN",
    ),
    Channel(
        "pushover",
        "Pushover",
        "Rings every minute until you acknowledge it in the app, five times at most.",
        "TOCSIN_PUSHOVER_TOKEN",
    ),
    Channel(
        "webhook",
        "Webhook",
        "A signed POST (standardwebhooks.com) to an address of yours.",
        "TOCSIN_WEBHOOK_SECRET",
    ),
    Channel(
        "ntfy",
        "ntfy push",
        "Push to the ntfy app on a phone, by ntfy.sh or your own server.",
    ),
    Channel(
        "apprise",
        "Apprise",
        "Over a hundred services by one address: Telegram, Matrix, Pushover, SMS …",
    ),
)
