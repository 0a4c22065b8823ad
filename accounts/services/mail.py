"""Mails to people, if a mail server is configured."""

import smtplib

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils.functional import Promise

log = structlog.get_logger(__name__)


def send(address: str, subject: str | Promise, text: str | Promise) -> bool:
    """Send a mail. Return whether the server accepted it; failures are logged only."""
    if not settings.MAIL_IS_ON or not address:
        return False
    try:
        send_mail(str(subject), str(text), None, [address])
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail not sent", error=str(error))
        return False
    return True
