"""Who is wished to get something by mail is to be sent it; other wishes are left to those who can do them."""

import pytest

from scheduler.core.wishes import wishes_as_orders


@pytest.mark.parametrize(
    ("wish", "order"),
    [
        ("Wäre schön, wenn Tom die Liste bis morgen per Mail bekäme.", "Schick bis morgen die Liste an Tom."),
        (
            "Es wär halt schon schön, wenn der Herr Papadakis heut noch den Plan gemailt bekäm.",
            "Schick heut noch den Plan an Herr Papadakis.",
        ),
        (
            "Sie wartet auf den Vertrag. Wäre schön, wenn sie den im Postfach hätte, bevor sie geht.",
            "Sie wartet auf den Vertrag. Schick ihr den, bevor sie geht.",
        ),
        ("Ich hätt gern, dass Anna die Rechnung gemailt bekommt", "Schick die Rechnung an Anna"),
        ("Wäre gut, wenn sie unsere Liste per Mail hätten", "Schick ihnen unsere Liste"),
        ("It'd be a real kindness if the staff had the chart in their inbox.", "Send the chart to the staff."),
        ("Would be lovely if she found the lease in her inbox before noon", "Send her the lease before noon"),
    ],
)
def test_who_is_wished_to_get_something_by_mail_is_sent_it(wish: str, order: str) -> None:
    assert wishes_as_orders(wish) == order


@pytest.mark.parametrize(
    "wish",
    [
        "Wäre schön, wenn wir die Liste nicht per Mail bekommen",
        "Wäre schön, wenn Tom mal die Liste schicken würde.",
        "Wäre schön, wenn du die Liste im Postfach hättest.",
        "Tom meinte, es wäre schön, wenn Eva die Liste per Mail bekäme.",
        "Es wäre gut gewesen, wenn Tom die Liste per Mail bekommen hätte",
        "It would be good if you had it in your inbox",
        "It would be nice if Tom had a dog",
        "It would be terrible if Tom got the contract by email",
        "It would be a mistake if Tom had the list in his inbox",
        "Sag Eva: wäre super, wenn Tom den Plan zugeschickt bekommt",
        "Schreib Tom: Wäre gut, wenn Eva die Liste per Mail bekommt",
        "Tell Anna: it would be great if Ben got the list by email",
        "Wäre gut, wenn Tom die Liste per Mail bekommt, sobald Eva sie freigibt",
        "Wäre nett, wenn ihr die Liste per Mail bekommt",
        "Wäre nett, wenn Sie die Liste per Mail bekommen",
        "Wäre gut, wenn jeder die Liste per Mail bekommt",
        "Wäre gut, wenn Tom erst die Liste per Mail bekommt",
        "Wäre gut, wenn Tom niemals die Liste per Mail bekommt",
    ],
)
def test_other_wishes_are_left(wish: str) -> None:
    assert wishes_as_orders(wish) == wish
