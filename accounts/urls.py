"""Addresses of accounts: ours in the namespace `accounts`, allauth's under allauth's own names.

allauth's are listed one by one, so that nothing of it is reachable that isn't meant to be (no trusted browser, no login by
link, no password as fresh proof). Whatever changes a factor, the password or the address asks a fresh proof first, by our own decorator:
allauth's would keep the posted form in the session meanwhile.
"""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from django.urls import include, path

from accounts import views
from accounts.credentials import lost_views as lost
from accounts.credentials import views as credentials
from accounts.patients import views as patients
from accounts.stepup import fresh_factor
from accounts.texts import views as texts

own = [
    path("code/", views.code, name="code"),
    path("new-password/", credentials.renew_password, name="renew_password"),
    path("password/reset/link/<str:token>/", credentials.reset, name="reset"),
    path("password/reset/unproved/", credentials.reset_unproved, name="reset_unproved"),
    path("lost/", lost.lost, name="lost"),
    path("lost/sent/", lost.lost_sent, name="lost_sent"),
    path("lost/link/<str:token>/", lost.lost_confirm, name="lost_confirm"),
    path("new-credentials/<str:token>/", lost.issue, name="issue"),
    path("profile/", views.profile, name="profile"),
    path("patient/signup/", patients.signup, name="patient_signup"),
    path("patient/start/", patients.start, name="patient_start"),
    path("patient/identity/", patients.identity, name="patient_identity"),
    path("security/", views.security, name="security"),
    path("security/confirm/", views.confirm, name="confirm"),
    path("security/lost/", lost.lost_here, name="lost_here"),
    path("security/protect/", views.protect, name="protect"),
    path("security/texts/", texts.texts, name="texts"),
    path("security/sessions/end/", views.end_sessions, name="end_sessions"),
]

signing_in = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm-email/", account.email_verification_sent, name="account_email_verification_sent"),
    path("reauthenticate/", views.confirm, name="account_reauthenticate"),
    path("email/", fresh_factor(account.email), name="account_email"),
    path("password/change/", fresh_factor(account.password_change), name="account_change_password"),
    path("password/set/", fresh_factor(account.password_set), name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
]

factors = [
    path("", views.security, name="mfa_index"),
    path("authenticate/", factor.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", fresh_factor(totp.activate_totp), name="mfa_activate_totp"),
    path("totp/deactivate/", fresh_factor(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", fresh_factor(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/", fresh_factor(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
    path("webauthn/", passkey.list_webauthn, name="mfa_list_webauthn"),
    path("webauthn/add/", fresh_factor(passkey.add_webauthn), name="mfa_add_webauthn"),
    path("webauthn/login/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("webauthn/reauthenticate/", passkey.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("webauthn/keys/<int:pk>/remove/", fresh_factor(views.remove_passkey), name="mfa_remove_webauthn"),
    path("webauthn/keys/<int:pk>/edit/", fresh_factor(passkey.edit_webauthn), name="mfa_edit_webauthn"),
]

urlpatterns = [
    path("accounts/", include((own, "accounts"))),
    path("accounts/", include(signing_in)),
    path("accounts/security/sessions/", views.session_list, name="usersessions_list"),
    path("accounts/2fa/", include(factors)),
    path("language/", views.set_language, name="set_language"),
]
