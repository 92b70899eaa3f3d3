"""Finds numbers that are said in words, as dictated texts have: "zweitausendvierhundert", "two hundred and six".

Which number it is, `text2num` says where it is asked for; here is only which words may belong to one.
"""

from typing import Final

_PARTS: Final = """
    ein eins eine zwei zwo drei vier fünf fuenf sechs sieben acht neun zehn elf zwölf zwoelf sechzehn sechzig siebzehn
    siebzig zwanzig dreißig dreissig vierzig fünfzig fuenfzig fuffzig achtzig neunzig hundert tausend
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
    """
_ANY: Final = f"(?:{'|'.join(sorted(_PARTS.split(), key=len, reverse=True))})"
SAID_NUMBER: Final = rf"{_ANY}(?:(?:und)?{_ANY}){{0,8}}"
"""One word of a number: German ones may be whole numbers, English ones are parts of them."""
SAID_NUMBERS: Final = rf"(?:{SAID_NUMBER}[ -](?:(?:und|and) )?){{1,7}}"
"""All words of a number, with what parts it from the next word."""
