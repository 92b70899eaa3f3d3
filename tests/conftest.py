"""Fixtures that several folders of tests share, and how Hypothesis judges time: not at all, machines are noisy."""

from hypothesis import HealthCheck, settings

from tests.support.graph.fixtures import graph_server, running_graph_server
from tests.support.mail_server import mail_server, running_mail_server
from tests.support.office import office, running_office

__all__ = ["graph_server", "mail_server", "office", "running_graph_server", "running_mail_server", "running_office"]

settings.register_profile("cpa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cpa")
