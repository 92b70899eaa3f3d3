"""What people read when a language model cannot help: code -> German, English."""

from collections.abc import Mapping

LLM_SENTENCES: Mapping[str, tuple[str, str]] = {
    "llm_auth": (
        "Das Sprachmodell {provider} nimmt den Schlüssel nicht an: {why}. Bitte den Betrieb fragen.",
        "The language model {provider} does not accept the key: {why}. Please ask your operator.",
    ),
    "llm_request": (
        "Das Sprachmodell {provider} kann die Anfrage nicht verarbeiten: {why}. Bitte kürzer oder einfacher schreiben.",
        "The language model {provider} cannot handle the request: {why}. Please write it shorter or simpler.",
    ),
    "llm_rate_limit": (
        "Das Sprachmodell {provider} ist gerade überlastet. Bitte in ein paar Minuten noch einmal versuchen.",
        "The language model {provider} is overloaded just now. Please try again in a few minutes.",
    ),
    "llm_timeout": (
        "Das Sprachmodell {provider} hat nicht innerhalb von {limit} geantwortet. Bitte später noch einmal versuchen.",
        "The language model {provider} did not answer within {limit}. Please try again later.",
    ),
    "llm_unavailable": (
        "Das Sprachmodell {provider} ist nicht erreichbar: {why}. Bitte später noch einmal versuchen.",
        "The language model {provider} cannot be reached: {why}. Please try again later.",
    ),
    "llm_refused": (
        "Das Sprachmodell {provider} lehnt die Anfrage ab: {why}. Bitte anders formulieren.",
        "The language model {provider} declines the request: {why}. Please word it differently.",
    ),
    "llm_truncated": (
        "Die Antwort des Sprachmodells {provider} bricht nach {limit} Token ab. Bitte den Auftrag in Teile zerlegen.",
        "The answer of the language model {provider} stops after {limit} tokens. Please split the request into parts.",
    ),
    "llm_invalid_output": (
        "Die Antwort des Sprachmodells {provider} ist nicht brauchbar: {why}. Bitte genauer beschreiben.",
        "The answer of the language model {provider} cannot be used: {why}. Please be more precise.",
    ),
    "budget_exhausted": (
        "Das Budget für Sprachmodelle ({budget}) ist aufgebraucht: {spent} von {limit}. Bitte den Betrieb fragen.",
        "The budget for language models ({budget}) is used up: {spent} of {limit}. Please ask your operator.",
    ),
    "llm_not_set_up": (
        "Es ist kein Sprachmodell eingerichtet: {missing}. Wie das geht, steht in docs/LLM.md.",
        "No language model is set up: {missing}. How to do it is told in docs/LLM.md.",
    ),
    "plan_unusable": (
        "Für diesen Auftrag (Feld {field}) wurde kein brauchbarer Plan gefunden: {why}. Bitte genauer beschreiben.",
        "No usable plan was found for this request (field {field}): {why}. Please describe it more precisely.",
    ),
    "plan_unseen": (
        "{why}. Bitte ansehen (POST /plan, cpa plan) und als Plan einreichen.",
        "{why}. Please look (POST /plan, cpa plan) and submit the plan.",
    ),
    "plan_not_found": (
        "Den Plan {plan} gibt es nicht oder nicht mehr. Bitte den Satz noch einmal planen lassen (cpa plan).",
        "There is no plan {plan}, or not any more. Please have the sentence planned again (cpa plan).",
    ),
    "plan_expired": (
        "Der Plan {plan} galt bis {expired}. Bitte den Satz noch einmal planen lassen (cpa plan) und neu ansehen.",
        "The plan {plan} was kept until {expired}. Please have the sentence planned again (cpa plan) and look anew.",
    ),
    "plan_superseded": (
        "Der Plan {plan} wurde geändert. Bitte die neue Fassung ansehen: {newer}.",
        "The plan {plan} was changed. Please look at its new version: {newer}.",
    ),
    "no_agent": (
        "Im Moment kann niemand {action} ausführen. Bitte später noch einmal versuchen oder den Betrieb fragen.",
        "Nobody can do {action} at the moment. Please try again later or ask your operator.",
    ),
}
