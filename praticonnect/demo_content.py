"""The invented people of the demo practice, and what ails them. Pure data; any likeness is chance.

Phone numbers are of the ranges that the French regulator keeps free for fiction; addresses end in .example.
"""

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "sept bruyères sous la pluie"  # noqa: S105 - shown on purpose, never in production
PRACTITIONER: Final = {
    "email": "maelle.kerbrat@demo.example",
    "profile": {
        "surname": "Kerbrat", "given_names": "Maëlle", "rpps": "10003456786", "specialty": "SM54",
        "qualifications": "Docteure en médecine, université de Brest (2009). DU de médecine du sport (2014).",
        "phone": "+33298990142", "address_line": "8, rue du Port", "postal_code": "29590", "city": "Le Faou", "country": "FR",
        "jurisdiction": "FR",
    },
}  # fmt: skip
COLLEAGUE: Final = {
    "email": "yael.azoulay@demo.example",
    "profile": {
        "surname": "Azoulay", "given_names": "Yaël", "rpps": "10009876540", "specialty": "SM40",
        "qualifications": "Docteure en médecine, université de Strasbourg (2012). Pédiatrie.", "phone": "+33388990177",
        "address_line": "31, quai des Bateliers", "postal_code": "67000", "city": "Strasbourg", "country": "FR", "jurisdiction": "FR",
    },
}  # fmt: skip
RESTING: Final = {
    "email": "theo.vasseur@demo.example",
    "profile": {
        "surname": "Vasseur", "given_names": "Théo", "specialty": "SM54",
        "qualifications": "Docteur en médecine, université de Lille (2015).", "phone": "+33320990188",
        "address_line": "8, rue de la Clef", "postal_code": "59000", "city": "Lille", "country": "FR", "jurisdiction": "FR",
    },
}  # fmt: skip
"""Whose trial and grace are over: an account in free_listing."""
OFFICER: Final = "dpo@demo.example"
ASSISTANT: Final = "assistant@demo.example"
ASSISTANT_NAME: Final = "Léa Marchand"


@dataclass(frozen=True, slots=True)
class Seen:
    """One consultation: how many days before today, what was said and done, and what was measured (code of a vital to value)."""

    days_ago: int
    kind: str
    reason: str
    note: str
    assessment: str
    plan: str
    measures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What one kind of patient comes for over the years, and what stands in their file."""

    fields: dict[str, str]
    seen: tuple[Seen, ...]


TENSION: Final = Story(
    {
        "medical_history": "Hypertension artérielle depuis 2014", "treatments": "Périndopril 4 mg, un le matin",
        "family_history": "Père : infarctus à 61 ans", "lifestyle": "Marche une heure par jour. Ne fume plus depuis 2010.",
    },
    (
        Seen(2250, "first", "Premier rendez-vous", "Nouveau dans la commune, apporte son dossier. Se sent bien.",
             "Hypertension connue, bien tolérée.", "Poursuite du traitement. Bilan sanguin annuel.",
             (("systolic", "148"), ("diastolic", "88"), ("weight", "84"), ("height", "176"))),
        Seen(1420, "follow_up", "Suivi de la tension", "Automesures à la maison : 135/80 en moyenne.",
             "Tension équilibrée.", "Même traitement. Revoir dans six mois.", (("systolic", "138"), ("diastolic", "82"), ("weight", "82.5"))),
        Seen(610, "follow_up", "Suivi de la tension", "Quelques oublis pendant les vacances, sans malaise.",
             "Tension un peu haute, traitement pris irrégulièrement.", "Pilulier proposé. Contrôle dans un mois.",
             (("systolic", "152"), ("diastolic", "90"), ("weight", "83"))),
        Seen(74, "follow_up", "Renouvellement", "N’oublie plus ses comprimés. Pas de toux, pas de vertige.",
             "Tension équilibrée.", "Renouvellement pour six mois.", (("systolic", "134"), ("diastolic", "78"), ("weight", "81.5"))),
    ),
)  # fmt: skip
DIABETES: Final = Story(
    {
        "medical_history": "Diabète de type 2 découvert en 2017. Hypercholestérolémie.", "treatments": "Metformine 1000 mg, matin et soir\nRosuvastatine 5 mg le soir",
        "allergies": "Iode (produit de contraste, urticaire en 2019)", "lifestyle": "Jardin tous les jours. Vin au repas du dimanche.",
    },
    (
        Seen(1960, "first", "Suivi du diabète", "Change de médecin après un départ en retraite. HbA1c à 7,4 % le mois dernier.",
             "Diabète de type 2, équilibre moyen.", "Diététicienne. Fond d’œil à prévoir.", (("weight", "91"), ("height", "168"), ("waist", "108"))),
        Seen(1180, "follow_up", "Résultats", "HbA1c à 6,9 %. A perdu quatre kilos. Pas d’hypoglycémie.",
             "Bon équilibre.", "On continue. Contrôle dans six mois.", (("weight", "87"), ("waist", "104"), ("systolic", "132"), ("diastolic", "80"))),
        Seen(395, "follow_up", "Pieds et fond d’œil", "Fond d’œil normal en mars. Pas de plaie aux pieds, pouls bien perçus.",
             "Pas de complication.", "Bilan rénal dans trois mois.", (("weight", "86.5"), ("systolic", "136"), ("diastolic", "78"))),
        Seen(21, "remote", "Résultats du bilan", "Visioconférence. HbA1c à 7,1 %, fonction rénale stable.",
             "Équilibre correct.", "Reprendre la marche du matin. Revoir au cabinet dans trois mois."),
    ),
)  # fmt: skip
ASTHMA: Final = Story(
    {
        "medical_history": "Asthme depuis l’enfance", "allergies": "Acariens\nPollens de graminées", "treatments": "Budésonide 200 µg matin et soir\nSalbutamol si besoin",
        "lifestyle": "Natation deux fois par semaine. Un chat à la maison.",
    },
    (
        Seen(1610, "urgent", "Gêne pour respirer", "Sifflements depuis deux jours après un rhume. Parle en phrases entières.",
             "Crise d’asthme modérée.", "Salbutamol, cinq jours de corticoïdes. Revoir sous 48 h.", (("oxygen", "95"), ("heart_rate", "98"), ("temperature", "37.4"))),
        Seen(1608, "follow_up", "Contrôle après crise", "Respire mieux, dort la nuit.", "Crise terminée.",
             "Traitement de fond repris, technique d’inhalation revue.", (("oxygen", "98"), ("heart_rate", "76"))),
        Seen(240, "follow_up", "Certificat pour la natation", "Pas de crise depuis un an. Court sans gêne.",
             "Asthme contrôlé.", "Certificat remis. Salbutamol avant l’effort si besoin.", (("oxygen", "99"), ("heart_rate", "68"), ("weight", "63"))),
    ),
)  # fmt: skip
BACK: Final = Story(
    {"occupation": "Aide-soignante", "medical_history": "Lombalgies répétées", "lifestyle": "Porte des charges au travail. Vélo le week-end."},
    (
        Seen(830, "urgent", "Mal de dos", "S’est bloquée en levant un patient ce matin. Pas d’irradiation, pas de fourmillements.",
             "Lumbago aigu sans signe de gravité.", "Paracétamol, reprise des activités dès que possible. Arrêt de quatre jours.", (("pain", "7"),)),
        Seen(815, "follow_up", "Mal de dos, suite", "Marche mieux, gênée en fin de journée.", "Évolution favorable.",
             "Dix séances de kinésithérapie. Reprise le lundi.", (("pain", "3"),)),
        Seen(130, "follow_up", "Visite avant reprise", "Nouvelle douleur en août, passée en une semaine.", "Pas de douleur ce jour.",
             "Lettre au médecin du travail pour un lève-personne.", (("pain", "1"), ("weight", "67"))),
    ),
)  # fmt: skip
CHILD: Final = Story(
    {"family_history": "Mère : asthme", "lifestyle": "École du bourg. Judo le mercredi.", "notes": "Vient avec un parent. Carnet de santé à jour."},
    (
        Seen(1500, "first", "Visite de suivi", "Grandit bien. Mange de tout, dort dix heures.", "Développement normal.",
             "Vaccins à jour. Prochaine visite dans un an.", (("weight", "16.2"), ("height", "103"))),
        Seen(760, "urgent", "Fièvre et oreille", "39 °C cette nuit, tire sur son oreille droite.", "Otite moyenne aiguë droite.",
             "Amoxicilline cinq jours. Revoir si la fièvre dure plus de 48 h.", (("temperature", "38.9"), ("weight", "20.5"))),
        Seen(52, "follow_up", "Certificat de judo", "En pleine forme. Une dent vient de tomber.", "Examen normal.",
             "Certificat remis.", (("weight", "23.8"), ("height", "124"), ("heart_rate", "84"))),
    ),
)  # fmt: skip
PREGNANCY: Final = Story(
    {"medical_history": "Une grossesse en 2022, accouchement par voie basse", "treatments": "Acide folique 0,4 mg", "allergies": "Pénicilline (éruption en 2008)"},
    (
        Seen(205, "first", "Début de grossesse", "Test positif. Nausées le matin, pas de saignement.", "Grossesse débutante, six semaines environ.",
             "Prise de sang du premier trimestre, échographie de datation.", (("weight", "59"), ("systolic", "112"), ("diastolic", "68"))),
        Seen(120, "follow_up", "Quatrième mois", "Bouge depuis une semaine. Fatiguée en fin de journée.", "Grossesse de déroulement normal.",
             "Échographie du deuxième trimestre. Entretien avec la sage-femme.", (("weight", "62.5"), ("systolic", "108"), ("diastolic", "66"))),
        Seen(33, "follow_up", "Septième mois", "Jambes lourdes le soir. Pas de contraction.", "Grossesse normale, légère anémie.",
             "Fer un jour sur deux. Bas de contention.", (("weight", "67"), ("systolic", "116"), ("diastolic", "70"))),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Who they are, and which story is theirs."""

    surname: str
    given_names: str
    birth_date: str
    sex: str
    phone: str
    town: str
    story: Story
    birth_name: str = ""
    occupation: str = ""


PEOPLE: Final = (
    Person("Le Bihan", "Yves Marie", "1952-02-29", "male", "06 39 98 20 11", "4, chemin de la Grève\n29590 Le Faou", TENSION, "", "Marin pêcheur (retraité)"),
    Person("Œuvrard", "Zoé Noëlle", "1987-11-03", "female", "06 39 98 20 12", "Kerlaouen\n29550 Plomodiern", BACK),
    Person("D’Haëne", "Ayşe", "1991-08-24", "female", "06 39 98 20 13", "5 ter, place du Vœu\n29150 Châteaulin", PREGNANCY, "Çağlar", "Professeure de sport"),
    Person("Morvan-Quéméneur", "Anaëlle", "1978-05-04", "female", "06 39 98 20 14", "17, rue des Écoles\n29590 Rosnoën", ASTHMA, "", "Libraire"),
    Person("בן־חיים", "נועם", "2019-04-07", "male", "02 61 91 20 15", "3, venelle du Bois d’Amour\n29930 Pont-Aven", CHILD),
    Person("L’Helgouac’h", "Gaëtan", "1956-07-12", "male", "06 39 98 20 16", "7, quai du Léguer\n29460 Daoulas", DIABETES, "", "Charpentier de marine (retraité)"),
    Person("Trần-Le Roux", "Thị Mai", "1996-02-29", "female", "06 39 98 20 17", "12, rue des Haras\n29800 Landerneau", ASTHMA, "Trần", "Infirmière"),
    Person("Saïdi", "Naïma", "1964-01-19", "female", "06 39 98 20 18", "2, impasse des Ajoncs\n29590 Le Faou", DIABETES, "Benaïssa", "Couturière"),
    Person("Guéguen", "Loïc", "1949-09-30", "male", "02 61 91 20 19", "Penn-ar-Roz\n29590 Hanvec", TENSION, "", "Agriculteur (retraité)"),
    Person("Façonnet", "Benoît", "1983-12-25", "male", "06 39 98 20 20", "26, route de Brest\n29460 Logonna-Daoulas", BACK, "", "Couvreur"),
    Person("Ibáñez Pérez", "María del Mar", "1972-06-21", "female", "06 39 98 20 21", "9, rue Neuve\n29590 Le Faou", TENSION, "", "Cuisinière"),
    Person("Kowalczyk", "Łukasz", "1989-03-15", "male", "06 39 98 20 22", "11, rue du Stade\n29150 Châteaulin", BACK, "", "Soudeur"),
    Person("Tréguer", "Éloïse", "2017-10-02", "female", "02 61 91 20 23", "Ty Névez\n29590 Lopérec", CHILD),
    Person("Ménez", "Corentin", "2020-06-18", "male", "02 61 91 20 24", "1, rue de l’Église\n29590 Rosnoën", CHILD),
    Person("Abgrall", "Hélène", "1968-04-11", "female", "06 39 98 20 25", "40, rue de la Rive\n29590 Le Faou", DIABETES, "Cloarec", "Comptable"),
    Person("Diallo", "Aïssatou", "1994-07-07", "female", "06 39 98 20 26", "6, résidence des Camélias\n29800 Landerneau", PREGNANCY, "", "Ingénieure"),
)  # fmt: skip

LETTER: Final = (
    "Laboratoire du Léon (exemple inventé)", "Bilan sanguin", "", "Glycémie à jeun : 1,18 g/L", "HbA1c : 6,9 %", "Créatinine : 8,4 mg/L",
    "Cholestérol LDL : 0,92 g/L", "", "Résultats transmis au médecin traitant.",
)  # fmt: skip

DUTIES: Final = (
    ("hosting", "Certificat HDS de l’hébergeur", 36, 200),
    ("audit", "Audit de sécurité annuel", 12, 150),
    ("training", "Formation RGPD de l’équipe (6 personnes)", 12, 90),
)
"""Kind, title, again after how many months, done how many days ago."""
AGREEMENT: Final = "Contrat de sous-traitance, %s (exemple inventé)"
AGREED_DAYS_AGO: Final = 210
