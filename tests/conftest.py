"""Fixtures that several folders of tests share."""

from tests.support.mail_server import mail_server, running_mail_server

__all__ = ["mail_server", "running_mail_server"]
