"""Fills a fresh pretix: one organiser, one event, a clerk, and N paid orders with invoices. Prints `order invoice`.

Runs in pretix' own venv: `PRETIX_CONFIG_FILE=… python seed.py 6`.
"""
# ruff: noqa: E402, ANN001, ANN201 - Django must be set up before its models, which have no types, can be imported
# mypy: ignore-errors

import os
import sys
from datetime import timedelta
from decimal import Decimal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")

import django

django.setup()

from django.db import transaction
from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Event, InvoiceAddress, Item, Order, OrderPosition, Organizer, Quota, Team, User
from pretix.base.services.invoices import generate_invoice

CLERK, PASSWORD = "clerk@example.org", "Cl3rk-pass!"
BUYERS = ("Müller", "Weiß", "Jäger", "Köhler", "Strauß", "Öhmichen")


def fill(count):
    clerk = User.objects.create_user(CLERK, PASSWORD, fullname="Clara Clerk")
    organiser = Organizer.objects.create(name="Acme", slug="acme")
    team = Team.objects.create(
        organizer=organiser, name="Office", all_events=True, all_event_permissions=True, all_organizer_permissions=True
    )
    team.members.add(clerk)
    event = Event.objects.create(
        organizer=organiser, name="Conference", slug="conf", currency="EUR", live=True,
        date_from=now() + timedelta(days=90), plugins="pretix.plugins.banktransfer",
    )  # fmt: skip
    for name, value in {
        "invoice_generate": "paid", "invoice_address_from_name": "Acme Ltd", "invoice_address_from": "1 Main Street",
        "invoice_address_from_city": "Berlin", "invoice_language": "en", "timezone": "UTC", "name_scheme": "full",
    }.items():  # fmt: skip
        setattr(event.settings, name, value)
    seat = Item.objects.create(event=event, name="Seat", default_price=Decimal("120.00"))
    Quota.objects.create(event=event, name="Seats", size=500).items.add(seat)
    channel = organiser.sales_channels.get(identifier="web")
    for number in range(count):
        with transaction.atomic():
            order, invoice = one_order(event, seat, channel, number)
        print(order, invoice, flush=True)


def one_order(event, seat, channel, number):
    buyer = {"_scheme": "full", "full_name": BUYERS[number % len(BUYERS)]}
    order = Order.objects.create(
        event=event, status=Order.STATUS_PAID, email=f"buyer{number}@example.org", locale="en", datetime=now(),
        expires=now() + timedelta(days=10), total=seat.default_price, sales_channel=channel,
    )  # fmt: skip
    OrderPosition.objects.create(
        order=order, item=seat, price=seat.default_price, positionid=1, attendee_name_parts=buyer
    )
    order.create_transactions()
    InvoiceAddress.objects.create(order=order, name_parts=buyer, company=f"{buyer['full_name']} GmbH", city="Berlin")
    return order.code, generate_invoice(order).number


if __name__ == "__main__":
    with scopes_disabled():
        fill(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
