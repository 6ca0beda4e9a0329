"""Text messages and calls: two providers, each for when the other fails."""

from tocsin.integrations.phone.carriers import PhonePager
from tocsin.integrations.phone.plivo import PlivoDoor, PlivoPhone
from tocsin.integrations.phone.twilio import TwilioDoor, TwilioPhone

__all__ = ["PhonePager", "PlivoDoor", "PlivoPhone", "TwilioDoor", "TwilioPhone"]
