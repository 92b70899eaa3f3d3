"""An example supplier portal: log in, look for an invoice over several pages, download its PDF."""

from examples.portal.app import create_portal
from examples.portal.server import PortalServer

__all__ = ["PortalServer", "create_portal"]
