"""How each language writes what must survive a translation: one row of a table a language.

Words and patterns hold for text after :func:`fold`: digits 0-9 and one alef in Arabic, so that
``أغسطس`` stands here as ``اغسطس``. A language without a row keeps its numbers, codes and
addresses; its months, number words and negation are not known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

_FOLD = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹أإآٱ", "01234567890123456789اااا")
_FOLDED = re.compile("[٠-٩۰-۹أإآٱ]")
_UNWRITTEN = re.compile("[\u064b-\u0652\u0670\u0640]+")  # vowel marks, and the tatweel


def fold(text: str) -> str:
    """The text as the table expects it; one character for one, so that places stay."""
    return text.translate(_FOLD) if _FOLDED.search(text) else text


def strip_marks(text: str) -> str:
    """Without Arabic vowel marks, which stand within words; places change."""
    return _UNWRITTEN.sub("", text)


def fold_name(text: str) -> str:
    """Letters and digits alone, without case and diacritics: ``Đà Nẵng`` is ``danang``."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in letters if letter.isalnum())


@dataclass(frozen=True)
class Conventions:
    """What one language has.

    In ``dates``, ``{D}`` is a day or several (``3``, ``3-5``, ``3 and 4``), ``{M}`` the name of a
    month, ``{F}`` one that is no other word (see ``loose``), ``{m}`` a month's number, ``{Y}`` a
    year. A pattern that begins with ``?`` is a date only if the other text has the same one:
    ``12/3`` may be twelve of three.
    """

    months: Mapping[str, int] = field(default_factory=dict)  # patterns of their names
    month_word: str = ""  # without which no name is that of a month
    loose: frozenset[str] = frozenset()  # months that are other words too: May
    dates: tuple[str, ...] = ()  # patterns, the first that fits at a place counts
    days: str = "-"  # what may stand between two days of one month, as a pattern
    month_first: bool = False  # whether 3/7/2023 may also be the seventh of March
    words: Mapping[str, int] = field(default_factory=dict)  # small numbers, also ordinals
    twos: str = ""  # words that say "two" by their ending, as a pattern
    magnitudes: Mapping[str, int] = field(default_factory=dict)  # what a number is multiplied by
    joints: frozenset[str] = frozenset()  # words within a number: "and"
    no_numbers: str = ""  # where such words count nothing, as a pattern
    prefixes: str = ""  # what may stick to the front of a word, as a pattern
    article: str = ""  # one that is written as part of its word
    endings: str = ""  # what may stick to the end of a word, as a pattern
    tones: str = ""  # marks that writers put on one or another letter of a word
    negation: str = ""  # plain negation, as a pattern
    no_negation: str = ""  # the same words where they deny nothing: "not only"
    soft_negation: str = ""  # other ways to deny, by which a negation may be rendered


def _count(names: str, start: int = 1, step: int = 1) -> dict[str, int]:
    """``_count("one|uno two")`` is ``{"one": 1, "uno": 1, "two": 2}``."""
    groups = enumerate(names.split())
    return {name: start + step * i for i, group in groups for name in group.split("|")}


def _say(value: int, names: str) -> dict[str, int]:
    return dict.fromkeys(names.split("|"), value)


ARABIC = Conventions(
    months=_count(
        r"يناير|كانون\s+الثاني|جانفي فبراير|شباط|فيفري و?مارس|اذار ابريل|نيسان|افريل مايو|ايار|ماي "
        r"يونيو|يونيه|حزيران|جوان يوليو|يوليه|تموز|جويلية|يوليوز اغسطس|اب|اوت|غشت "
        r"سبتمبر|ايلول|شتنبر اكتوبر|تشرين\s+الاول نوفمبر|تشرين\s+الثاني|نونبر "
        r"ديسمبر|كانون\s+الاول|دجنبر"
    ),
    loose=frozenset({"و?مارس", "نيسان", "ماي", "جوان", "اب", "اوت"}),
    dates=(
        r"{D}\s*(?:من\s+)?(?:شهر\s+)?{M}(?:\s*[/(]\s*{M}\)?)?"
        r"(?:،?\s+(?:من\s+)?(?:ال|ل)?(?:عام\s+|سنة\s+)?{Y})?",
        r"{M}(?:\s*[/(]\s*{M}\)?)?،?\s+(?:من\s+)?(?:ال|ل)?(?:عام\s+|سنة\s+)?{Y}",
        r"(?:في|شهر|شهري|منذ|حتى|خلال|نهاية|اواخر|منتصف|اوائل|مطلع|بداية|قبل|بعد)\s+{M}"
        r"(?:\s*[/(]\s*{M}\)?)?(?!،?\s+(?:من\s+)?(?:ال|ل)?(?:عام\s+|سنة\s+)?[0-9])",
        r"{F}(?:\s*[/(]\s*{M}\)?)?",
        r"?{M}",
    ),
    days=r"\s*[-–،]\s*|\s+و\s?|\s+(?:الى|حتى)\s+",
    words={
        **_count(
            "صفر واحد|واحدة|واحدا|احد|احدى|اول|اولى|حادي|حادية "
            "اثنان|اثنين|اثنتان|اثنتين|اثنا|اثني|اثنتا|اثنتي|ثان|ثاني|ثانية|ثانيا|ثنائي|ثنائية|"
            "عامان|عامين|شهران|شهرين|اسبوعان|اسبوعين|يومان|يومين|شخصان|شخصين|طفلان|طفلين "
            "ثلاث|ثلاثة|ثلاثا|ثالث|ثالثة|ثالثا|ثلاثي|ثلاثية "
            "اربع|اربعة|اربعا|رابع|رابعة|رباعي|رباعية "
            "خمس|خمسة|خمسا|خامس|خامسة ست|ستة|ستا|سادس|سادسة سبع|سبعة|سبعا|سابع|سابعة "
            "ثمان|ثماني|ثمانية|ثمانيا|ثامن|ثامنة تسع|تسعة|تسعا|تاسع|تاسعة عشر|عشرة|عشرا|عاشر|عاشرة",
            start=0,
        ),
        **_count(
            "عشرون|عشرين ثلاثون|ثلاثين اربعون|اربعين خمسون|خمسين ستون|ستين سبعون|سبعين "
            "ثمانون|ثمانين تسعون|تسعين",
            start=20,
            step=10,
        ),
        **_count(
            "عشرينيات|عشرينات ثلاثينيات|ثلاثينات اربعينيات|اربعينات خمسينيات|خمسينات "
            "ستينيات|ستينات سبعينيات|سبعينات ثمانينيات|ثمانينات تسعينيات|تسعينات",
            start=1920,
            step=10,
        ),
        **_count(
            "مئتان|مئتين|مئتا|مئتي|مائتان|مائتين|مائتا|مائتي ثلاثمئة|ثلاثمائة اربعمئة|اربعمائة "
            "خمسمئة|خمسمائة ستمئة|ستمائة سبعمئة|سبعمائة ثمانمئة|ثمانمائة|ثمانيمئة تسعمئة|تسعمائة",
            start=200,
            step=100,
        ),
        **_say(2000, "الفان|الفين|الفي"),
        **_say(2 * 10**6, "مليونان|مليونين|مليوني"),
        "ربع": 15,  # of an hour
        "نصف": 30,
    },
    twos=r"\w{2,}(?:تان|تين)",
    magnitudes={
        **_say(100, "مئة|مائة"),
        **_say(1000, "الف|الفا|الاف"),
        **_say(10**6, "مليون|مليونا|ملايين"),
        **_say(10**9, "مليار|مليارا|مليارات|بليون|بلايين"),
        **_say(10**12, "تريليون|تريليونا|تريليونات"),
    },
    joints=frozenset({"و"}),
    no_numbers=r"(?:في\s+|ب)ال(?:مئة|مائة)",
    article="ال",
    prefixes=r"[وف]?(?:[بك]?(?:ال)?|لل|ل)",
    negation=r"\b[وف]?(?:لا\s+(?:[يتن]\w\w|احد\b|شيء\b|وجود\b)|(?:لم|لن)\s+[يتنا]\w\w|"
    r"ليس(?:ت|وا)?\b|لسنا\b)",
    no_negation=r"لا\s+[يت]زال\w*|لم\s+[يت]زل|لا\s+[يت]قل\w*|لا\s+[يت]كاد\w*|ليس\w*\s+فقط|سون\s+لا|"
    r"ل[ام]\s+[يت](?:تجاوز|تعد|زد|زيد|بلغ|خل)\w*|"
    r"(?:لا|لم|لن|ليس\w*|لست|لسنا)\s(?:\S+\s+){0,8}?(?:الا|سوى|بل|انما)\b",
    soft_negation=r"\b[وفبلك]{0,2}(?:ال)?(?:لا|لم|لن|ا?ليس\w*|لست|لسنا|لئلا|كيلا|غير|دون|بدون|بلا|"
    r"عدم|انعدام|الا|الن|كلا|سوى|ما|لا[يتن]\w+|خلو\w*|خالي\w*|[يت]خلو|"
    r"[يت]?تعذر\w*|فشل\w*|[يت]فشل\w*|حذر\w*|[يت]?فتقر\w*|اياك\w*|رفض\w*|[يت]رفض|منع\w*|[يت]منع|"
    r"ممنوع\w*|امتناع|حظر\w*|[يت]حظر|نفي|عجز\w*|[يت]عجز|انقطع\w*|توقف\w*|زال|خسر\w*)\b",
)

ENGLISH = Conventions(
    months=_count(
        r"January|Jan\. February|Feb\. March|Mar\. April|Apr\. May June|Jun\. July|Jul\. "
        r"August|Aug\. September|Sept?\. October|Oct\. November|Nov\. December|Dec\."
    ),
    loose=frozenset({"March", "May"}),
    dates=(
        r"{M}\s+(?:the\s+)?{D}(?:,?\s+(?:of\s+)?{Y})?",
        r"{D}\s+(?:of\s+)?{M}(?:,?\s+(?:of\s+)?{Y})?",
        r"{M},?\s+(?:of\s+)?{Y}",
        r"(?:in|by|since|until|of|from|to|through|before|after|late|early|mid|last|next|this|every)"
        r"[\s-]{M}(?!,?\s+(?:of\s+)?(?:the\s+)?[0-9])",
        r"{F}",
        r"?{M}",
    ),
    days=r"\s*[-–]\s*|,?\s+(?:and|to|through|until)\s+",
    month_first=True,
    words={
        **_count(
            "zero one|first two|second|twice three|third four|fourth five|fifth six|sixth "
            "seven|seventh eight|eighth nine|ninth ten|tenth eleven|eleventh twelve|twelfth "
            "thirteen|thirteenth fourteen|fourteenth fifteen|fifteenth sixteen|sixteenth "
            "seventeen|seventeenth eighteen|eighteenth nineteen|nineteenth",
            start=0,
        ),
        **_count(
            "twenty|twentieth thirty|thirtieth forty|fortieth fifty|fiftieth sixty|sixtieth "
            "seventy|seventieth eighty|eightieth ninety|ninetieth",
            start=20,
            step=10,
        ),
        "quarter": 15,
        "half": 30,
    },
    magnitudes={
        "hundred": 100,
        "thousand": 1000,
        "million": 10**6,
        "billion": 10**9,
        "trillion": 10**12,
    },
    joints=frozenset({"and"}),
    endings="ies|y|es|s",
    negation=r"\b(?:not|cannot|never|no one|nobody|nothing|none|neither|nor)\b|n['’]t\b|"
    r"\bno\b(?!\.)",
    no_negation=r"\bnot (?:only|just|merely|simply|least)\b|"
    r"\bno (?:less|fewer|later|longer|more) than\b|"
    r"\bno (?:matter|sooner|doubt)\b|\b(?:whether|if) (?:or )?not\b|\b(?:thot not|krong no)\b|"
    r"\bnothing but\b|\b(?:for|to) nothing\b|n['’]t [^.,!?]{1,20}\?",
    soft_negation=r"\b(?:not|no|nor|non|un(?!der|it|iv|ion|iq|til)\w{4,}|\w+less|less|"
    r"in(?:ability|adequa|defatig|evitab|complet|sufficien|effective|capa|experience|significan|valid|"
    r"visib|separab|formal|consisten|eligib)\w*|im(?:possib|prop|perfec)\w+|ir(?:regular|respons|relev)\w+|"
    r"il(?:legal|licit|liter)\w+|dis(?:agree|approv|continu|qualif|regard)\w*|without|lack\w*|"
    r"absen\w+|fail\w*|refus\w+|den(?:y|ied|ies|ying)|reject\w*|prohibit\w*|forb[ia]d\w*|"
    r"ban(?:s|ned)?|prevent\w*|avoid\w*|stop\w*|instead|rather|unless|except|only|hardly|scarcely|"
    r"barely|seldom|rarely|few|little|free|yet|miss\w*|nowhere|beyond|under|exclud\w+|void|against)\b",
)

VIETNAMESE = Conventions(
    months=_count(
        r"[Mm]ột|[Gg]iêng [Hh]ai [Bb]a [Tt]ư|[Bb]ốn [Nn]ăm [Ss]áu [Bb]ảy [Tt]ám [Cc]hín "
        r"[Mm]ười [Mm]ười\s+[Mm]ột [Mm]ười\s+[Hh]ai|[Cc]hạp"
    ),
    month_word="háng",
    dates=(
        r"(?:(?:[Nn]gày|mùng|mồng)\s+)?{D}\s+tháng\s+{m}(?:(?:\s+năm\s+|\s*[/-]\s*){Y})?",
        r"(?:[Nn]gày|mùng|mồng)\s+{D}\s+tháng\s+{M}(?:\s+năm\s+{Y})?",
        r"(?:[Nn]gày|mùng|mồng|[Ss]áng|[Tt]rưa|[Cc]hiều|[Tt]ối|[Đđ]êm|[Hh]ôm)"
        r"\s+{D}\s?[/-]\s?{m}(?![\d/])",
        r"[Tt]háng\s+{m}(?:(?:\s+năm\s+|\s*[/-]\s*){Y})?",
        r"[Tt]háng\s+{M}\s+năm\s+{Y}",
        r"(?:vào|hồi|trong|đến|từ|cuối|đầu|giữa|trước|qua)\s+tháng\s+{M}",
        r"?{D}\s+tháng\s+{M}(?:\s+năm\s+{Y})?",
        r"?{D}/{m}(?![\d/])",
        r"?{m}/{Y}(?![\d/])",
        r"?[Tt]háng\s+{M}",
    ),
    days=r"\s*[-–]\s*|\s+(?:và|đến|tới)\s+(?:ngày\s+)?",
    words={
        **_count(
            "không một|mốt|nhất hai|nhì|đôi ba bốn|tư năm|lăm sáu bảy|bẩy tám chín mười",
            start=0,
        ),
        "rưỡi": 30,
    },
    magnitudes={
        "mươi": 10,
        "chục": 10,
        "trăm": 100,
        **_say(1000, "nghìn|ngàn"),
        "vạn": 10_000,
        "triệu": 10**6,
        **_say(10**9, "tỷ|tỉ"),
    },
    joints=frozenset({"linh", "lẻ"}),
    tones="\u0300\u0301\u0303\u0309\u0323",
    no_numbers=r"\bnăm\s+(?=\d|nay|qua|tới|sau|trước|ngoái|học|đó|ấy|này|mới)|"
    r"(?<=\d)\s+năm\b|\b(?:mỗi|hằng|hàng|nhiều|mấy|cả|trong|từ|đầu|cuối|giữa|đến|vào|các|những|"
    r"một|hai|ba|bốn|sáu|bảy|tám|chín|mười|trăm|nghìn)\s+năm\b(?!\s+(?:mươi|trăm|nghìn|triệu|tỷ))",
    negation=r"\b(?:không|chưa|chẳng|đừng|chớ)\b",
    no_negation=r"\b(?:hàng|trên|số|trống|vũ trụ|phòng|hay|nếu) không\b|\bhay chưa\b|"
    r"\bkhông (?:khí|gian|quân|phận|trung|vận|lực|những|chỉ|ngừng|ít|kém|quá|dưới|trăm|người lái|"
    r"kể|tính|gỉ|dây|hoàn lại|mất tiền|lấy tiền)\b|"
    r"\bchưa (?:đầy|tới|đến|kể|tính|hết|kịp|thành niên)\b|\bchẳng (?:hạn|những|khác|lẽ)\b|"
    r"\b(?:không|chưa)(?=\s*(?:[^\w\s]|$))|\b(?:không|chưa|chẳng) \w+\s*\?",
    soft_negation=r"\b(?:không|chưa|chẳng|đừng|chớ|đâu|phi|vô|bất|thiếu|mất|khỏi|cấm|tránh|ngừng|"
    r"dừng|ngoài|trừ|chỉ|mới|vắng|khó|hết|trái|hụt|thay vì|lỡ|thất|từ chối|bỏ|kém|ít|sai|ngoại|oan|"
    r"khoan|giữ nguyên)\b",
)

CONVENTIONS = {"ar": ARABIC, "en": ENGLISH, "vi": VIETNAMESE}
