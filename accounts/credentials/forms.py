"""What people type about lost and forgotten credentials."""

from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from allauth.account.internal.flows.signup import send_unknown_account_mail

from accounts.credentials import reset
from audit.requests import HouseRequest


class ResetPasswordForm(AllauthResetForm):
    """The address that gets the link; what the page answers is the same whether an account has it."""

    def save(self, request: HouseRequest, **_options: object) -> str:
        """Send the link, or say to the mailbox that no account has this address."""
        email: str = self.cleaned_data["email"]
        for user in self.users:
            reset.send_link(user=user, by=request.actor, now=request.now)
        if not self.users:
            send_unknown_account_mail(request, email)
        return email
