"""Where the holder of a certificate reads it and gets its files again: the address names nobody and can't be guessed."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lifecycle.erasure import certificate as certificates
from lifecycle.erasure.paper import day_of, groups_of
from lifecycle.models import ErasureCertificate


@require_safe
def certificate(request: HttpRequest, token: str) -> HttpResponse:
    """What the certificate says, in words, and its two files."""
    made = _made(token)
    document = json.loads(made.content)
    context = {
        "document": document,
        "groups": groups_of(document),
        "decided": day_of(document["decided"]),
        "token": token,
    }
    return _private(render(request, "lifecycle/certificate.html", context))


@require_safe
def statement(request: HttpRequest, token: str) -> HttpResponse:
    """The signed statement, byte for byte."""
    return _file(_made(token).content.encode(), "application/json", "certificate.json")


@require_safe
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """The document that carries it."""
    return _file(bytes(_made(token).pdf), "application/pdf", "certificate.pdf")


def _made(token: str) -> ErasureCertificate:
    made = certificates.by_token(token)
    if made is None:
        raise Http404
    return made


def _file(data: bytes, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return _private(answer)


def _private(answer: HttpResponse) -> HttpResponse:
    """No cache keeps it, and no search engine lists it."""
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
