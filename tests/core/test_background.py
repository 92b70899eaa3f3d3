"""What is only told around the orders of a message is left out, and what may change an order never is."""

import time

import pytest

from scheduler.core.background import without_background

AROUND = [
    (
        "The vet was on about some new rules and the wee girl's at school till three. Would you go to www.farms.ie?",
        "Would you go to www.farms.ie?",
    ),
    (
        "Slack bitte zumachen, ich krieg sonst heute gar nichts mehr gebacken, weil im Channel dauernd jemand schreit.",
        "Slack bitte zumachen.",
    ),
    (
        "Open the stock sheet for us, she can't stand waiting and the card machine's playing up, so I'm stuck.",
        "Open the stock sheet for us.",
    ),
    (
        "Mein Rechner hat sich dreimal aufgehängt und die IT zuckt nur mit den Schultern, drum starte bitte mal Excel.",
        "starte bitte mal Excel.",
    ),
    (
        (
            "Print two copies of it cos she likes scribbling on paper and he keeps losing his own, "
            "and close Spotify as well."
        ),
        "Print two copies of it, and close Spotify as well.",
    ),
    (
        "Please start Google Meet so I can hop right on when his mom gets here from the other side of the town.",
        "Please start Google Meet.",
    ),
]


@pytest.mark.parametrize(("text", "addressed"), AROUND)
def test_only_what_is_addressed_to_us_is_left(text: str, addressed: str) -> None:
    said = without_background(text)

    assert said.text == addressed
    assert said.beside


WHOLE = [
    "When the pressing's done I'll sit down, go onto the payments site and enter the maps, it takes me a while.",
    "Our accountant wrote something on dividends last week, have it up on the screen, then google the allowance.",
    "Kollegin Berger meint, die Leitlinien stünden jetzt unter leitlinien.example/kardio, ruf die mal bitte auf.",
    "Schick Tom die Liste, die er seit drei Wochen haben will.",
    "Meine Kollegin in der Buchhaltung hat mir gestern am Telefon gesagt, schick bitte die Rechnung an Anna Berger.",
    "As soon as the payment for the second half of the year arrives from the bank, please forward the receipt to Anna.",
    "Bitte schick Tom die Liste, die Chefin muss sie aber heute Nachmittag erst noch einmal genehmigen.",
    "Please send Tom the list of all the members, I don't need it any more and he has it already, come to think of it.",
    "Schreib Tom, dass ich morgen komme, die Dichtung hol ich noch beim Händler und das Werkzeug bring ich auch mit.",
    "The fee table in the club rules would be handier as Excel, and the minutes of the meeting should be a PDF soon.",
    "Ich hab seit zwei Stunden nichts gespeichert und der Rechner wird immer langsamer, das ist doch kein Zustand.",
]


@pytest.mark.parametrize("text", WHOLE)
def test_what_may_change_an_order_or_be_one_stays(text: str) -> None:
    assert without_background(text).text == text


BEHIND = [
    (
        "Please send the bill to Anna. Tom told me last night that we are by no means allowed to send bills "
        "before the audit."
    ),
    (
        "Schick die Mappe bitte an Anna. Der Chef hat gestern in der Runde aber gesagt, dass vorerst gar "
        "nichts mehr rausgeht."
    ),
    (
        "Please close Word. My colleague Peter is still writing his long letter in it and he has not saved "
        "anything since noon."
    ),
    (
        "Bitte mach Word zu. Obwohl, der Peter schreibt da gerade noch seinen langen Brief und hat seit "
        "Mittag nichts gesichert."
    ),
    (
        "Send the photos to Anna and Tom. Tom's already got his from the studio last week, so he would only "
        "moan about doubles."
    ),
    (
        "Schick Tom das Heft. Anna schaut es sich gerade noch an und gibt mir Bescheid, sobald sie mit den "
        "Zahlen zufrieden ist."
    ),
    "Send Tom the form. We'll do that once the numbers have been looked at by Anna and the boss is back from his trip.",
    (
        "Send Tom the form. It is only good for the bin, the way it looks now, because half of the numbers "
        "in it are wrong."
    ),
    (
        "Schick das Heft an Tom. Ich habe mich vertan, das war für die Anna gedacht, weil die das neuerdings "
        "macht bei uns."
    ),
    (
        "Send the form to Tom. It can wait until Monday though because he is away and will not be looking at "
        "his mails at all."
    ),
    (
        "Kannst du Anna den Plan schicken, sie sitzt im Zug und ihr Akku ist gleich leer, aber nur wenn er "
        "unterschrieben ist."
    ),
    (
        "Could you send Anna the plan? She is on the train and her phone is nearly dead. Provided the notary "
        "has signed it by now."
    ),
    (
        "Schick Anna den Plan. So hat es mir der Chef aufgetragen, und ich finde das völlig daneben, weil "
        "sie zur Konkurrenz ging."
    ),
    (
        "Send Anna the plan. Tom did so this morning from his own machine while I was on the phone with the "
        "lady from the bank."
    ),
    (
        "Schick Anna den Plan. Da kümmert sich der Tom drum, weil ich bis oben hin zu bin mit den "
        "Abrechnungen vom letzten Monat."
    ),
    "Send everyone the minutes, the meeting took three hours and I want to go home, Tom and Anna are the exceptions.",
    (
        "Leite die letzte Mail von Tom an Anna weiter. Sie will aber nur den Anhang haben, weil der Text sie "
        "nichts angeht."
    ),
]


@pytest.mark.parametrize("text", BEHIND)
def test_what_is_told_behind_an_order_and_takes_it_back_or_narrows_it_stays(text: str) -> None:
    assert without_background(text).text == text


SLOTS = [
    (
        "Schick die Liste an Tom, der Server war heute früh wieder weg und wir haben zwei Stunden verloren, "
        "Betreff Preise 2027."
    ),
    (
        "Set up a call with Tom, he has been moaning at me for weeks about the roof and I am fed up with it, "
        "Tuesday at four."
    ),
    (
        "Mach einen Termin mit Tom, er liegt mir in den Ohren. Er kann nur am Dienstag um vier, sonst ist er "
        "wieder auf Montage."
    ),
    "Find me the offer from Kern please, the woman rang again and was rather snippy on the phone, the one of 12 March.",
    "Save the file, the battery is nearly empty and the charger is at home, in the folder Budget on drive D as usual.",
    (
        "Schreib bitte dem Tom. Er muss wissen, dass die Lieferung später kommt und dass der Fahrer seit "
        "gestern festsitzt."
    ),
]


@pytest.mark.parametrize("text", SLOTS)
def test_what_says_when_whom_or_which_behind_what_is_told_stays(text: str) -> None:
    assert without_background(text).text == text


BEFORE = [
    (
        "Tom kriegt von uns keine Papiere mehr, das hat der Chef heute früh klar gesagt und er meint es "
        "ernst. Schick Tom die Akte."
    ),
    (
        "As long as I have not signed, not a sheet of paper leaves this house, I told everyone that. Please "
        "send Tom the plan."
    ),
]


@pytest.mark.parametrize("text", BEFORE)
def test_what_forbids_an_order_beforehand_stays(text: str) -> None:
    assert without_background(text).text == text


IS_DONE = [
    "Print the list, the server was down again this morning and we have lost two hours of it, oh and put Tom in copy.",
    "Open Word please, my hands are full of paint and the cat wants out, and after that the report gets sent to Tom.",
    (
        "Mach bitte Word auf, ich habe die Hände voll Farbe und die Katze will raus, und danach wird der "
        "Bericht an Tom geschickt."
    ),
    (
        "Ich muss gleich los und das Taxi wartet, der Bericht ist an Tom zu schicken, und mach bitte noch "
        "Word zu, bevor du gehst."
    ),
    (
        "My hands are full and the cat wants out, the meeting with Tom gets moved to Friday at three, then "
        "open Word please."
    ),
]


@pytest.mark.parametrize("text", IS_DONE)
def test_what_is_to_be_done_with_a_thing_of_ours_is_not_told_only(text: str) -> None:
    said = without_background(text)

    assert "Tom" in said.text


def test_words_without_end_are_looked_at_quickly() -> None:
    text = "Please send Tom the list, I " + "had it " * 260

    started = time.process_time()
    without_background(text)

    assert time.process_time() - started < 1


def test_a_pronoun_for_what_is_told_says_that_the_whole_is_needed() -> None:
    text = (
        "Mrs Ogden has rung again about her boiler and I'm up to my elbows in a drain, can you email her that I'm late."
    )

    said = without_background(text)

    assert said.refers
    assert said.text == "can you email her that I'm late."


def test_what_is_named_in_the_order_needs_no_more() -> None:
    text = (
        "Our driver is stuck at the gate and they won't let him in without papers. Get note 77120 off the Cargo portal."
    )

    assert not without_background(text).refers
