"""Every portal has secrets of its own, whatever it is called."""

import pytest

from scheduler.core.portal_login import login_name


@pytest.mark.parametrize(
    ("portal", "login"),
    [
        ("Portal", "portal"),
        ("Müller Portal", "mueller-portal"),
        ("Mu\u0308ller  Portal!", "mueller-portal"),
        ("Café_Größe & Co.", "cafe-groesse-co"),
        ("portal.example.com", "portal-example-com"),
        ("株式", "株式"),
        ("…", ""),
    ],
)
def test_secrets_are_named_after_the_portal(portal: str, login: str) -> None:
    assert login_name(portal) == login
