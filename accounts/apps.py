"""Who you are: account, profile, sign-in, factors."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
