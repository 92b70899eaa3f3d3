"""Knows by which endings a word is the name of a file."""

from typing import Final

FILE_ENDING: Final = (
    r"(?:pdf|docx?|docm|dotx?|xls[xmb]?|xltx|pptx?|pptm|potx|od[tspg]|ott|rtf|csv|tsv|txt|log|zip|7z|rar|"
    r"tar|gz|xml|json|ya?ml|html?|md|png|jpe?g|gif|tiff?|bmp|svg|webp|heic|raw|eml|msg|pst|ics|vcf|"
    r"dwg|dxf|ifc|rvt|skp|step|stp|stl|iges|vsdx?|mpp|psd|ai|indd|idml|cdr|mp[34]|mov|avi|mkv|wav|"
    r"aiff?|flac|m4a|sql|epub|pages|key|numbers|exe|msi|bin|iso|dmg|apk|deb|rpm|jar|cer|crt|pem|p12|"
    r"tbx|tmx|sdlxliff|gpx|kml|shp|geojson|mdb|accdb|sav|tex|bak|ini|cfg)"
)
