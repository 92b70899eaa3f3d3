"""The intents whose examples share most letters with a request are named, whatever way they are looked for."""

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.similarity import NearestExamples, likeness

TEXTS = st.text(alphabet="abc ", max_size=12)


@given(examples=st.dictionaries(st.sampled_from("pqrstu"), st.lists(TEXTS, max_size=4)), request_text=TEXTS)
def test_nearest_are_those_of_the_largest_likeness(examples: dict[str, list[str]], request_text: str) -> None:
    best = {name: max((likeness(request_text, one) for one in many), default=0.0) for name, many in examples.items()}

    named = NearestExamples(examples).nearest(request_text)

    ranked = sorted(best, key=lambda name: -best[name])[:3]
    assert named == tuple(name for name in ranked if best[name] >= 0.15)
