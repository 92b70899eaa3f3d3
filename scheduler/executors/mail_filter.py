"""Says whether a mail fits a query, for mailboxes that cannot search by themselves, or not for everything."""

from datetime import date, datetime, time

from scheduler.executors.mail_transport import MailQuery, ReceivedMail


def fits(mail: ReceivedMail, query: MailQuery) -> bool:
    """Whether everything that is asked for holds, whatever the case of the letters."""
    sender = f"{mail.sender_name} {mail.sender}".casefold()
    recipients = " ".join((*mail.to, *mail.cc)).casefold()
    subject = mail.subject.casefold()
    everything = " ".join((sender, recipients, subject, mail.text, *mail.attachments)).casefold()
    return (
        (query.sender or "").casefold() in sender
        and (query.recipient or "").casefold() in recipients
        and (query.subject or "").casefold() in subject
        and all(word in everything for word in (query.words or "").casefold().split())
        and fits_besides(mail, query)
    )


def fits_besides(mail: ReceivedMail, query: MailQuery) -> bool:
    """Whether all holds that is not about its words: time, files, marks."""
    since, before = moment_of(query.since), moment_of(query.before)
    return (
        (since is None or (mail.received is not None and mail.received >= since))
        and (before is None or (mail.received is not None and mail.received < before))
        and (query.with_attachment is None or bool(mail.attachments) is query.with_attachment)
        and not (query.unseen and mail.seen)
        and not (query.flagged and not mail.flagged)
    )


def moment_of(value: datetime | date | None) -> datetime | None:
    """Return the moment that is meant: of a date the first one, in the time zone of this machine."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time()).astimezone()
