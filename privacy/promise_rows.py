"""Every promise the software has to keep, by its stable id. Pure: no Django here.

``PC`` and ``MD`` promises come from the two published policies, ``LAW`` from a text both stand
under, ``NEW`` from ourselves. A row without a live check counts as not built (``kept`` is null).
"""

from dataclasses import dataclass

from privacy.wording import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Row:
    """One promise: its id, the part of the policy it belongs to, and what it says."""

    id: str
    section: str
    title: str


_TITLES: dict[str, dict[str, str]] = {
    _("Who is who, what is collected"): {
        "PC-01": _("The controller and its DPO are named wherever data are explained"),
        "PC-02": _("Only the listed data of practitioners are collected"),
        "PC-03": _("Only the listed data of patients are collected"),
        "MD-01": _("Mandatory and optional fields can be told apart"),
        "MD-02": _("A patient's account holds only the announced data"),
        "MD-03": _("A patient answers the medical questionnaire before a first teleconsultation"),
        "MD-04": _("A practitioner is identified by checked professional numbers"),
        "MD-05": _("The processing register is computed from the declarations"),
        "PC-04": _("Each personal field has one purpose and one legal basis"),
    },
    _("Consents"): {
        "PC-09": _("Acceptance, acknowledgement, authorisation and consent are never mixed"),
        "PC-10": _("Eight keys have one switch each on the privacy page"),
        "PC-11": _("Each decision is time-stamped with the wording that was shown"),
        "PC-12": _("Withdrawing is as easy as agreeing, at any time"),
        "PC-13": _("The proof of a consent is kept five years after its end"),
        "PC-14": _("Nothing is on, or ticked, before the person acts"),
        "PC-15": _("The whole log can be read, filtered and downloaded"),
        "PC-16": _("Withdrawing a mandatory key is explained and can be undone"),
        "PC-17": _("A withdrawal stops what is queued and what others do for us"),
        "PC-18": _("No marketing leaves without a live consent"),
        "PC-19": _("No use of the product is counted without a live consent"),
        "PC-20": _("Published statistics draw only on practices that agreed"),
        "PC-21": _("AI training needs the practice's and the patient's consent"),
        "PC-22": _("Each integration has its own authorisation"),
        "PC-23": _("The directory shows only those who agreed"),
        "MD-10": _("A patient agrees by an act of their own before a teleconsultation"),
        "MD-11": _("A refusal closes teleconsultation, never care"),
        "MD-12": _("A patient who withdraws is told that the account closes"),
        "MD-13": _("A change of the policy is announced to each person"),
        "PC-24": _("The policy shows its version, date and differences"),
        "NEW-01": _("Each decision has a receipt that anyone can verify offline"),
        "NEW-02": _("The ledger can't be rewritten unnoticed"),
    },
    _("Subscription lifecycle"): {
        "PC-30": _("All data entered in the trial stay"),
        "PC-31": _("Seven days of grace follow the trial"),
        "PC-32": _("Free listing starts on the second, with patient data intact"),
        "PC-33": _("A new subscription finds everything as it was"),
        "PC-34": _("A deletion waits thirty days at most and can be withdrawn"),
        "PC-35": _("A deletion is final, except for what the law keeps, which is listed"),
        "PC-36": _("Account data go three years after the contract"),
    },
    _("Retention clocks"): {
        "PC-40": _("Account data stay three years after the contract"),
        "PC-41": _("Health data stay twenty years after the last consultation"),
        "PC-42": _("Billing data stay ten years"),
        "PC-43": _("Connection logs stay one year"),
        "PC-44": _("French invoices stay ten years after the accounting year"),
        "PC-45": _("Israeli invoices stay seven years after the tax year"),
        "PC-46": _("Security logs stay one year"),
        "PC-46b": _("The data-access journal stays three years"),
        "PC-47": _("Signatures stay while they have legal value, with a day of review"),
        "PC-48": _("Recordings stay ninety days"),
        "PC-49": _("Patient data of an active account stay for the longer of two terms"),
        "PC-50": _("Patient data of a deleted account go at once, except what the law keeps"),
        "PC-51": _("Proof of consent stays five years after the consent"),
        "PC-52": _("Requests stay three years after their closure"),
        "MD-20": _("Teleconsultation exchanges stay five years active, five archived"),
        "MD-21": _("Beyond their term only statistics about nobody remain"),
        "MD-22": _("Closing an account destroys nothing the law keeps, and says so"),
        "LAW-01": _("A minor's health data stay until the 28th birthday at least"),
        "LAW-02": _("After a death health data stay ten years"),
        "LAW-03": _("A legal hold stops the clocks it names"),
        "NEW-03": _("Where rules meet the longest wins, and says why"),
        "NEW-04": _("Anyone in charge can ask what will leave, and when"),
        "NEW-05": _("A changed schedule re-dates each record and shortens none unapproved"),
    },
    _("Rights and requests"): {
        "PC-60": _("Access: a readable account of what is held and why"),
        "PC-61": _("Rectification, with the old value kept in the history"),
        "PC-62": _("Erasure: a plan first, then execution and a certificate"),
        "PC-63": _("Restriction freezes a file"),
        "PC-64": _("Portability: a full export in open formats"),
        "PC-65": _("Objection takes effect at once"),
        "PC-66": _("Consent can be withdrawn"),
        "PC-67": _("The DPO can be written to, and each message becomes a request"),
        "PC-68": _("All rights are exercised from the privacy page"),
        "PC-69": _("The way to the CNIL is shown with every refusal"),
        "MD-30": _("Directives for after death are kept and carried out"),
        "MD-31": _("No decision about a person without a human act"),
        "MD-32": _("A requester is identified without needless copies of papers"),
        "MD-33": _("Every request stands in a register"),
        "MD-34": _("Every answer has a due date computed from the law"),
        "MD-35": _("A person can object to the hosting of their data"),
        "NEW-06": _("A deletion ends with a signed certificate"),
        "NEW-07": _("Another eye checks that an erasure left nothing"),
        "NEW-08": _("No backup can bring an erased person back"),
    },
    _("Access and journal"): {
        "PC-70": _("Nobody opens a file without an entry the person can read"),
        "MD-40": _("Each kind of recipient has a role with its own limits"),
        "MD-41": _("Staff sign a confidentiality agreement before any access"),
        "MD-42": _("Staff open a record only with the patient's consent"),
        "MD-43": _("Authorised third parties read only what their order names"),
        "MD-44": _("Connections and every change of data are recorded"),
        "MD-45": _("Connection attempts can be supervised and extracted"),
        "MD-46": _("Nothing goes to a third party without consent"),
    },
    _("Accounts and security"): {
        "PC-80": _("Data are encrypted in transit and at rest, one key per patient"),
        "PC-81": _("A second factor is mandatory for professionals"),
        "MD-50": _("A six-digit code serves those without a stronger factor"),
        "MD-51": _("Lost credentials are disabled at once"),
        "MD-52": _("Renewing a password after 24 months is a reminder, no lock"),
        "MD-53": _("A lost password is replaced through a single-use link"),
        "MD-54": _("Passwords follow the rule of the CNIL"),
        "MD-55": _("After a breach people are told and passwords changed"),
        "MD-56": _("A breach is notified within 72 hours"),
        "MD-57": _("Each change names the person who made it"),
        "PC-82": _("Hosting, audits and training are registered with their dates"),
        "PC-83": _("Servers prove who they are over current TLS"),
    },
    _("Subprocessors and transfers"): {
        "PC-90": _("The ten subprocessors are public, with their history"),
        "PC-91": _("Scaleway stores files encrypted"),
        "PC-92": _("AWS stores files through the same adapter"),
        "PC-93": _("Viva takes payments"),
        "PC-94": _("Scell.io issues invoices and signatures"),
        "PC-95": _("LiveKit carries video"),
        "PC-96": _("Google Calendar receives busy times without health data"),
        "PC-97": _("Mistral drafts, on pseudonymised text"),
        "PC-98": _("AssemblyAI transcribes, and keeps nothing"),
        "PC-99": _("BulkGate sends SMS without health data"),
        "PC-100": _("Resend keeps transactional and marketing e-mail apart"),
        "PC-101": _("Nothing leaves the Union without a live safeguard"),
        "PC-102": _("Data are never sold"),
    },
    _("Cookies"): {
        "PC-110": _("Nothing but essential cookies before a choice"),
        "MD-60": _("Every cookie is listed with its purpose and life"),
        "MD-61": _("A cookie choice is asked again in time"),
    },
    _("Care"): {
        "PC-120": _("Appointments can be offered, booked and moved"),
        "PC-121": _("Consultations and records, whose last date moves the clock"),
        "PC-122": _("Invoices and payments"),
        "MD-70": _("Teleconsultation in writing, by video or by phone"),
        "MD-71": _("Prescriptions are written, signed and printed"),
        "MD-72": _("A pharmacist can check a prescription"),
        "MD-73": _("A payer's coverage can be asked"),
        "PC-123": _("Patients are brought in from FHIR and CSV, and leave without loss"),
    },
}

ROWS: dict[str, Row] = {
    promise_id: Row(promise_id, section, title)
    for section, titles in _TITLES.items()
    for promise_id, title in titles.items()
}
"""The promises in the order of the policy."""
