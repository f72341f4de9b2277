"""One page: the number, its proof, and what was sent there."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import CodeForm
from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from accounts.texts import actions, queries
from accounts.texts.forms import NumberForm
from privacy.refusals import Refused

PER_PAGE = 20


@never_cache
@fresh_factor
@require_http_methods(["GET", "POST"])
def texts(request: SignedInRequest) -> HttpResponse:
    """Give a number, prove it by a code, take it away again."""
    act = request.POST.get("act", "")
    number = NumberForm(request.POST if act == "number" else None)
    code = CodeForm(request.POST if act == "code" else None)
    if request.method == "POST" and _done(request, act, number, code):
        return redirect("accounts:texts")
    sent = Paginator(queries.messages_of(request.user.pk), PER_PAGE).get_page(request.GET.get("page"))
    row = queries.number_of(request.user.pk)
    context = {"row": row, "number": number, "code": code, "sent": sent, "open": queries.is_open(request.now)}
    context["stopped"] = queries.said_stop(row)
    return render(request, "accounts/texts.html", context, status=422 if number.errors or code.errors else 200)


def _done(request: SignedInRequest, act: str, number: NumberForm, code: CodeForm) -> bool:
    """Whether something was done; else the forms say why not."""
    user, by, now = request.user, request.actor, request.now
    form: forms.Form = number if act == "number" else code
    try:
        if act == "remove":
            actions.remove(user=user, by=by, now=now)
            messages.success(request, _("The number is forgotten. No text message comes any more."))
        elif act == "again":
            actions.take_again(user=user, by=by, now=now)
            messages.success(request, _("Messages come to this number again."))
        elif act == "number" and number.is_valid():
            actions.ask(user=user, number=number.cleaned_data["number"], by=by, now=now)
            messages.success(request, _("A code is on its way to your phone. It works for ten minutes."))
        elif act == "code" and code.is_valid():
            actions.prove(user=user, code=code.cleaned_data["code"], by=by, now=now)
            messages.success(request, _("The number is proved: what is urgent comes there too."))
        else:
            return False
    except Refused as refused:
        field = refused.refusal.field
        form.add_error(field if field in form.fields else None, str(refused.refusal.message))
        return False
    return True
