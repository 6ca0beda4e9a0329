"""Mails to subscribers that came back: as a mail server or a mail provider tells it.

No alerts. A mail server hands over the mail itself; providers post JSON.
"""

from tocsin.integrations.mail_bounces.dialect import INTEGRATION

__all__ = ["INTEGRATION"]
