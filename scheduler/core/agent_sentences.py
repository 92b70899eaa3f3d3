"""What people read when something goes wrong between the scheduler and agents."""

from collections.abc import Mapping

AGENT_SENTENCES: Mapping[str, tuple[str, str]] = {
    "agent_not_found": (
        "Den Agenten {agent} gibt es nicht. „cpa agents list“ zeigt, welche es gibt.",
        "There is no agent {agent}. “cpa agents list” shows which there are.",
    ),
    "agent_name_taken": (
        "Ein anderer Agent namens {name} ist am Leben. Bitte einen anderen Namen wählen oder jenen zuerst beenden.",
        "Another agent named {name} is alive. Please choose another name, or end that one first.",
    ),
    "agent_key_taken": (
        "Der Schlüssel von {name} gehört einem anderen Agenten. Bitte „key“ neu erzeugen oder jenen zuerst entfernen.",
        "The key of {name} belongs to another agent. Please make a new “key”, or remove that agent first.",
    ),
    "enrolment_refused": (
        "Der Agent wird nicht eingelassen: {why}. Eine neue Eintrittskarte macht „cpa agents enrol“.",
        "The agent is not let in: {why}. “cpa agents enrol” makes a new token.",
    ),
    "signature_refused": (
        "Die Nachricht wird nicht angenommen ({kind}): {why}.",
        "The message is not accepted ({kind}): {why}.",
    ),
    "message_not_allowed": (
        "Die Nachricht wird nicht angenommen ({kind}): {why}.",
        "The message is not accepted ({kind}): {why}.",
    ),
    "message_conflict": (
        "Die Nachricht ist vermerkt, ändert aber nichts ({kind}): {why}.",
        "The message is recorded but changes nothing ({kind}): {why}.",
    ),
    "too_many_messages": (
        "{sender} sendet mehr, als angenommen wird. Bitte nach der Zeit in Retry-After weitermachen.",
        "{sender} sends more than is taken. Please go on after the time in Retry-After.",
    ),
    "agent_unreachable": (
        "Der Agent {agent} ist nicht zu erreichen: {why}. Bei ihm ist nichts angekommen.",
        "Agent {agent} cannot be reached: {why}. Nothing has arrived there.",
    ),
    "file_not_fetched": (
        "Die Datei {file} konnte der Agent nicht vom Scheduler holen: {why}. Der Schritt wurde nicht begonnen.",
        "The agent could not fetch the file {file} from the scheduler: {why}. The step was not begun.",
    ),
    "agent_refused": (
        "Der Agent {agent} hat die Aufgabe nicht übernommen: {reason}. Er hat nichts getan.",
        "Agent {agent} did not take the task: {reason}. It has done nothing.",
    ),
    "no_free_agent": (
        "Für {action} ist gerade kein Agent einsetzbar: {reasons}. „cpa agents list“ zeigt alle.",
        "No agent can be given {action} now: {reasons}. “cpa agents list” shows all of them.",
    ),
    "agents_busy": (
        "Alle Agenten, die {action} können, sind gerade ausgelastet: {reasons}. „cpa agents list“ zeigt alle.",
        "All agents that can do {action} have too much to do now: {reasons}. “cpa agents list” shows all of them.",
    ),
    "agent_failed": (
        "Der Agent {agent} hat sich nicht an die Regeln gehalten: {problem}.",
        "Agent {agent} did not keep to the rules: {problem}.",
    ),
    "endpoint_forbidden": (
        "Die Adresse {endpoint} darf nicht aufgerufen werden: {why}. Erlaubt wird sie mit CPA_AGENTS_NETWORKS.",
        "The address {endpoint} may not be called: {why}. CPA_AGENTS_NETWORKS allows it.",
    ),
}
