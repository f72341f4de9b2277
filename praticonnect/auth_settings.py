"""Settings of sign-in, factors, passwords and sessions (allauth and django-otp; security.md 1.5)."""

from urllib.parse import urlsplit

from praticonnect import env

PRODUCT_NAME = "PratiConnect"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/practitioner/"
SECOND_FACTOR_URL = "accounts:confirm"

# ── the login, conducted by allauth ──
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.credentials.forms.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Doors per network address, in the cache. The back-off per account is in PostgreSQL (accounts/throttle.py).
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "password_failed": "10/m/ip",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "lost": "20/m/ip,5/m/key",
}
# How many proxies stand in front: a wrong figure would put everyone into one bucket.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("PRATICONNECT_PROXIES", 0)

# ── factors (PC-81): what the person holds, by allauth; the verdict per request, by django-otp ──
MFA_ADAPTER = "accounts.mfa_adapter.FactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.factor_forms.ReauthenticateForm",
    "add_webauthn": "accounts.factor_forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 0
MFA_TRUST_ENABLED = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_REAUTHENTICATION_REQUIRED = True
USERSESSIONS_TRACK_ACTIVITY = False
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
# Passkeys belong to one name, whatever Host header a request brings.
PASSKEY_DOMAIN = urlsplit(env.text("PRATICONNECT_SITE_URL", "http://localhost:8000")).hostname
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = env.text("PRATICONNECT_ENV", "development") != "production"

# ── passwords (MD-54) ──
PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
ARGON2 = {"memory_kib": 46 * 1024, "iterations": 2, "lanes": 1}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LengthValidator"},
    {"NAME": "accounts.passwords.GuessabilityValidator"},
    {"NAME": "accounts.passwords.BreachedValidator"},
]
# A larger offline list, built by `manage.py breached_list`; empty means the one in the package.
BREACHED_LIST = env.text("PRATICONNECT_BREACHED_LIST")

# ── sessions: in the database, so that ending one is final at its next request; time-outs are in accounts/sessions.py ──
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "vault.sessions.SealedSerializer"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True

# Example numbers of the national directory's guide fail their own check digit; never set in production (MD-04).
ACCOUNTS_TEST_IDENTIFIERS: list[str] = [
    number for number in env.text("PRATICONNECT_TEST_IDENTIFIERS").split(",") if number
]
