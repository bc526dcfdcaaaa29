"""Invented names in the scripts that school rosters really hold. Nobody in particular."""

from __future__ import annotations

FIRST = (
    "Ana", "Liam", "Noor", "Maya", "Oscar", "Priya", "Zoë", "Łukasz", "José", "Siobhán",
    "Nguyễn", "Björn", "Inês", "Ömer", "D'Andre", "Mary-Kate", "Jean Luc", "Ngozi", "Tāne", "Kealoha",
    "Олена", "Дмитрий", "Ивана", "Ελένη", "Γιώργος", "مريم", "يوسف", "זהבה", "נעם", "सीता",
    "अर्जुन", "তানিয়া", "தமிழ்", "ਗੁਰਪ੍ਰੀਤ", "สมชาย", "ဇော်", "小明", "美玲", "さくら", "健太",
    "민준", "서연", "አበበ", "ሰላም", "Նարե", "გიორგი", "Aisha", "Bea", "Caleb", "Dina",
    "Elif", "Femi", "Greta", "Hana", "Ibrahim", "Jun", "Kofi", "Lena", "Marta", "Nia",
    "Otto", "Pilar", "Quinn", "Rosa", "Sami",
)  # fmt: skip
LAST = (
    "Ruiz", "Lo", "O'Neill", "van der Berg", "Müller", "Núñez", "Świątek", "Đặng", "Åberg", "Çelik",
    "de la Cruz", "St. John", "Smith-Jones", "Okonkwo", "Kahananui",
    "Коваленко", "Иванова", "Петровић",
    "Παπαδάκη", "الحسن",
    "بن علي", "כהן", "לוי", "शर्मा", "चौधरी", "দাস", "குமார்", "ਸਿੰਘ", "ใจดี", "မောင်",
    "王", "陈", "佐藤", "山本", "김", "박", "ተስፋዬ", "Պետրոսյան", "ბერიძე", "Adeyemi",
    "Baker", "Castillo", "Dubois", "Eriksen", "Fontaine", "García", "Haddad", "Ito", "Janssen", "Kim",
    "Larsen", "Moreau", "Nakamura", "Osei", "Patel", "Quispe", "Rossi", "Silva", "Tanaka", "Usman",
    "Vega", "Walker", "Xu", "Yilmaz", "Zhang", "Begum", "Rahman", "Suzuki", "Costa",
)  # fmt: skip
PLACES = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fern", "Ginkgo", "Hazel", "Ironwood", "Juniper",
    "Katsura", "Larch", "Maple", "Nutmeg", "Oak", "Pine", "Quince", "Rowan", "Spruce", "Tamarack",
    "Umbrella Pine", "Viburnum", "Willow", "Yew", "Zelkova",
)  # fmt: skip
LANDSCAPES = ("Creek", "Hill", "Lake", "Meadow", "Ridge", "River", "Valley", "Grove", "Point")
