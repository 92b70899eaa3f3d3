"""The Hanover Tagger for short sentences that must be read at once: same models and answers, a part of its time.

The library asks for every tag whether it can stand at every part of a word. Here the parts that are known are looked up
with their tags, those that are not by their last letters, and what a word may be is remembered.
"""

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from HanTa.HanoverTagger import EMPTY, END, START, UNKNOWN, HanoverTagger

_MOST_WORDS: Final = 16_384
_MOST_ENDS: Final = 16_384
_LOWEST: Final = -1e6
_STATES_OF_A_WORD: Final = 3  # that go on; the library's figures
_STATES_OF_A_SENTENCE: Final = 5
_CUTOFF: Final = 5
_LONGEST_COUNTED: Final = 24
_LONGEST: Final = 80  # letters of a word that are looked at, its last ones; the time grows with their square
_LETTERS_OF_END: Final = 4  # by which unknown parts are judged
_SHORTEST_GUESSED: Final = 4  # letters of a word, from which on parts of
_LONGEST_NEVER_GUESSED: Final = 2  # letters are known or none
_WHOLE_UNKNOWN: Final = 4.6  # what the library takes off where the whole word is one unknown part

State = tuple[int, int]
Likely = dict[int, float]  # tag -> log probability
Steps = dict[int, list[tuple[int, float]]]  # tag -> the tags before it, each with the log probability up to here

_NOTHING: Final[Likely] = {}


class WordTagger:
    """Tags sentences as `HanoverTagger(model).tag_sent(words, taglevel=0)` does; of an endless word it sees the end."""

    def __init__(self, model: str) -> None:
        self._model: Any = HanoverTagger(model)
        self._known = _by_text(self._model.LP_m_t)
        unknown = [tag for tag in self._model.LP_hapax_t if tag in self._model.LP_s_t]
        self._ends = _by_text({tag: self._model.LP_s_t[tag] for tag in unknown})
        self._lengths = [
            {
                tag: self._model.Int_t + self._model.LP_hapax_t[tag] + self._model.LP_len_t[tag][length]
                for tag in unknown
            }
            for length in range(_LONGEST_COUNTED + 1)
        ]
        self._goes_on = {state: dict(after) for state, after in self._model.LP_trans_nonfinal.items()}
        self._guessed = frozenset(unknown)
        self._first_steps = self._steps({(EMPTY, START): 0.0})
        self._by_end = functools.lru_cache(maxsize=_MOST_ENDS)(self._by_end_anew)
        self._of_word = functools.lru_cache(maxsize=_MOST_WORDS)(self._of_word_anew)

    def tag(self, words: Sequence[str]) -> list[str]:
        """Return the tag of each word."""
        before: dict[State, float] = {(EMPTY, START): 0.0}
        came_from = list[dict[State, State]]()
        follow = self._model.LP_trans_word
        for place, word in enumerate(words):
            likely = self._of_word(word, place > 0)
            row, back = dict[State, float](), dict[State, State]()
            least = _least(before, _STATES_OF_A_SENTENCE)
            for state, reached in before.items():
                if reached < least:
                    continue
                after, last = follow[state], state[1]
                for tag, seen in likely or [(one, 0.0) for one in after if one != END]:
                    step = after.get(tag)
                    if step is None:
                        continue
                    total = reached + step + seen
                    new = (last, tag)
                    if total > row.get(new, _LOWEST):
                        row[new], back[new] = total, state
            before = row
            came_from.append(back)
        ends = {state: reached + follow[state].get(END, -math.inf) for state, reached in before.items()}
        state = max(ends, key=lambda one: ends[one])
        tags = list[str]()
        for back in reversed(came_from):
            tags.append(self._model.int2tag[state[1]])
            state = back[state]
        return tags[::-1]

    def _of_word_anew(self, word: str, cased: bool) -> list[tuple[int, float]]:
        """Return how likely each tag makes the word, the likeliest first; nothing where the word can be anything."""
        model = self._model
        upper = cased and word[0].isupper()
        small = model.normalize(word[-_LONGEST:])
        found = model.cache.get(small)
        listed = found is not None
        if found is None:
            found = self._of_parts(small)
        weighed = [
            (tag, (likely + model.LP_case_t[tag][upper] if cased else likely) - model.LP_wtag[tag])
            for tag, likely in found
            if tag != UNKNOWN
        ]
        weighed.sort(key=itemgetter(1), reverse=True)
        least = -math.inf if listed or not weighed else weighed[0][1] - _CUTOFF
        return [*{tag: likely for tag, likely in weighed if likely >= least}.items()]

    def _of_parts(self, word: str) -> list[tuple[int, float]]:
        """Return the tags of a word by the best way to make it of parts, the likeliest first."""
        length = len(word)
        table: list[dict[State, float]] = [{} for _ in range(length + 1)]
        for start in range(length):
            steps = self._steps(table[start]) if start else self._first_steps
            if not steps:
                continue
            guessed = self._guessed & steps.keys()
            shortest = 1 if length < _SHORTEST_GUESSED else _LONGEST_NEVER_GUESSED + 1
            for end in range(start + 1, length + 1):
                part = word[start:end]
                known = self._known.get(part, _NOTHING)
                found = [(tag, known[tag]) for tag in known if tag in steps]
                if guessed and end - start >= shortest:
                    unknown = guessed - known.keys() if known else guessed
                    found += self._guess(part, unknown, whole=end - start == length)
                if not found:
                    continue
                reach = table[end]
                for tag, seen in found:
                    for last, reached in steps[tag]:
                        total = reached + seen
                        if total > reach.get((last, tag), _LOWEST):
                            reach[last, tag] = total
        return self._finished(table[length])

    def _steps(self, row: Mapping[State, float]) -> Steps:
        """Return which tags may follow the best states, after which tag each and how likely so far."""
        least, found = _least(row, _STATES_OF_A_WORD), Steps()
        for state, reached in row.items():
            for tag, step in self._goes_on.get(state, _NOTHING).items() if reached >= least else ():
                found.setdefault(tag, []).append((state[1], reached + step))
        return found

    def _finished(self, row: dict[State, float]) -> list[tuple[int, float]]:
        ends = dict[State, float]()
        for state, reached in row.items():
            for tag, step in self._model.LP_trans_final.get(state, ()):
                total = reached + step
                if total > ends.get((state[1], tag), _LOWEST):
                    ends[state[1], tag] = total
        found = Likely()
        for (_, tag), total in ends.items():
            found[-tag] = _log_of_sum(found[-tag], total) if -tag in found else total
        return sorted(found.items(), key=itemgetter(1), reverse=True)

    def _guess(self, part: str, tags: Iterable[int], *, whole: bool) -> list[tuple[int, float]]:
        """Return how likely each of these tags makes a part that is not known."""
        by_length = self._lengths[min(len(part), _LONGEST_COUNTED)]
        by_end = self._by_end(part[max(len(part) - _LETTERS_OF_END, 1) :])
        if whole:
            return [(tag, by_length[tag] + by_end[tag] - _WHOLE_UNKNOWN) for tag in tags]
        return [(tag, by_length[tag] + by_end[tag]) for tag in tags]

    def _by_end_anew(self, end: str) -> Likely:
        """Return how likely each tag makes a part that is not known, by its last letters."""
        found = self._ends[""]
        for size in range(1, len(end) + 1):
            found = found | self._ends.get(end[-size:], _NOTHING)
        return found


def _by_text(by_tag: Mapping[int, Mapping[str, float]]) -> dict[str, Likely]:
    found: dict[str, Likely] = {}
    for tag, texts in by_tag.items():
        for text, likely in texts.items():
            found.setdefault(text, {})[tag] = likely
    return found


def _log_of_sum(one: float, other: float) -> float:
    """Return log(exp(one) + exp(other))."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))


def _least(row: Mapping[State, float], states: int) -> float:
    """Return from where on the best states go on."""
    return sorted(row.values(), reverse=True)[states] - 1 if len(row) > states else _LOWEST
