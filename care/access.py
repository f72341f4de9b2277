"""Who may reach the pages of the team: its owner, who is invited, who has to sign; who may see what is public."""

from accounts.access import Access, Act, Audience
from care.roles import Right

_OWNER = Access(Audience.PRACTITIONER, Act.ACCOUNT, Right.INVITE.value)

ACCESS: dict[str, Access] = {
    "care:recipients": Access(Audience.PUBLIC, Act.PUBLIC),
    "care:team": _OWNER,
    "care:invite": _OWNER,
    "care:revoke": _OWNER,
    "care:end": _OWNER,
    "care:join": Access(Audience.PUBLIC, Act.ACCOUNT),
    "care:agreement": Access(Audience.VERIFIED, Act.ACCOUNT),
}
