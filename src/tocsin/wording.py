"""What a page says where there is room for it, in plain text. Escaped by each channel."""

from tocsin.interfaces.pagers import PageMessage

_MOST_SHOWN = 10


def heading(message: PageMessage) -> str:
    """The line that is read first: how bad, and where."""
    if message.subject:
        return message.subject
    if not message.alerts:
        found = "Tocsin"
    else:
        worst = message.alerts[0]
        found = f"{worst.severity.name} {worst.service}"
        if len(message.alerts) > 1:
            found = f"{len(message.alerts)} alerts, worst {found}"
    return f"TEST: {found}" if message.test else found


def way_in(message: PageMessage) -> str:
    """What the link is called."""
    return "Open" if message.subject else "Answer"


def body(message: PageMessage) -> str:
    """The lines below it: what is wrong, why it comes to you, who is next."""
    lines = [alert.title for alert in message.alerts[:_MOST_SHOWN]]
    if len(message.alerts) > _MOST_SHOWN:
        lines.append(f"and {len(message.alerts) - _MOST_SHOWN} more")
    lines.append(message.why)
    if message.next_up:
        lines.append(f"{message.next_up}.")
    if message.may_be_repeat:
        lines.append("(may be a repeat)")
    return "\n".join(line for line in lines if line)
