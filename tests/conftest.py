"""Fixtures that several folders of tests share."""

from tests.support.mail_server import mail_server, running_mail_server
from tests.support.office import office, running_office

__all__ = ["mail_server", "office", "running_mail_server", "running_office"]
