"""Whom to page, when and how: escalation, contact steps, limits, receipts."""
