"""Names compared without case and accents inside PostgreSQL: `vault.index.words` as SQL, without extension or collation."""

from django.db.models import CharField, Func, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Collate, Concat, Replace

from vault.index import JOINERS, fold

# Latin with its extensions, Greek, Cyrillic, combining marks, Hebrew points, dashes and quotes.
_SPANS = ((0x21, 0x5C8), (0x1E00, 0x1F00), (0x2010, 0x2020))
_SIGNS = [chr(code) for span in _SPANS for code in range(*span)]


def _plain(sign: str) -> str:
    """The folded form of one sign; what is no letter or digit parts words."""
    return "".join(part if part.isalnum() else " " for part in JOINERS.sub(" ", fold(sign)))


_SAME = " abcdefghijklmnopqrstuvwxyz0123456789"
"""First in the list: PostgreSQL goes along it for each sign of a name."""
_LONG = {sign: _plain(sign) for sign in _SIGNS if len(_plain(sign)) > 1}
_ONE = dict(zip(_SAME, _SAME, strict=True)) | {
    sign: _plain(sign) for sign in _SIGNS if len(_plain(sign)) == 1 and _plain(sign) != sign
}
_GONE = "".join(sign for sign in _SIGNS if not _plain(sign))


def folded(*texts: Combinable) -> Collate:
    """The texts as one, each word folded and after a space, in an order that no server's collation changes."""
    short: Func = Concat(*(part for text in texts for part in (Value(" "), text)), output_field=CharField())
    for sign, plain in _LONG.items():
        short = Replace(short, Value(sign), Value(plain))
    return Collate(
        Func(
            short,
            Value("".join(_ONE) + _GONE),
            Value("".join(_ONE.values())),
            function="translate",
            output_field=CharField(),
        ),
        "C",
    )
