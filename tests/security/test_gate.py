"""The gate: every page is in the access table, and what isn't in it doesn't exist (deny by default)."""

import pytest
from django.test import Client
from django.urls import path

from praticonnect.access import table
from praticonnect.urls import urlpatterns
from tests.security.urlmap import pages


def test_access_table_names_every_page() -> None:
    """No address without a row, no row without an address."""
    assert {page.name for page in pages()} == set(table())


@pytest.mark.django_db(databases="__all__")
def test_page_without_a_row_answers_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that was never entered into the table can't be reached by anybody."""
    from django.http import HttpResponse
    from django.urls import clear_url_caches

    forgotten = path("forgotten/", lambda request: HttpResponse("secret"), name="forgotten")
    monkeypatch.setattr("praticonnect.urls.urlpatterns", urlpatterns)
    urlpatterns.append(forgotten)
    clear_url_caches()
    try:
        answer = Client().get("/forgotten/")
    finally:
        urlpatterns.remove(forgotten)
        clear_url_caches()
    assert (answer.status_code, b"secret" in answer.content) == (404, False)


@pytest.mark.django_db(databases="__all__")
def test_sign_in_address_carries_no_search_words() -> None:
    """What somebody searched for isn't written into the address of the sign-in page."""
    answer = Client().get("/practitioner/patients/?q=Zyklamen")
    assert answer.headers["Location"] == "/accounts/login/?next=/practitioner/patients/"
