"""A page for users who typed their code, and one that pays an invoice after another code, whose message shows amount and payee.

The amount comes from the invoice, both when the code is sent and when it is checked. An invoice that changed meanwhile is not paid.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.debug import sensitive_post_parameters

from django_shop.models import Invoice
from xoxzo_2fa import Refuse, Upstream, explain
from xoxzo_2fa.django import NoRecipient, start, two_factor_required, verify


@two_factor_required
async def home(request: HttpRequest) -> HttpResponse:
    """Greet the user."""
    user = await request.auser()
    return HttpResponse(f"Logged in as {user.get_username()}", content_type="text/plain")


@sensitive_post_parameters("pin")
@two_factor_required
def pay(request: HttpRequest, number: int) -> HttpResponse:
    """Pay an invoice: a button sends the code, and the code pays."""
    invoice = get_object_or_404(Invoice, pk=number, user=request.user, paid=False)
    context = {"invoice": invoice}
    try:
        if request.POST.get("action") == "send":
            context["masked"] = start(request, "payment", invoice.transaction()).masked
        elif request.method == "POST":
            verify(request, "payment", request.POST.get("pin", ""), invoice.transaction())
            invoice.paid = True
            invoice.save(update_fields=["paid"])
            return HttpResponse(f"Paid {invoice.amount} EUR", content_type="text/plain")
    except (Refuse, Upstream) as failure:
        context["told"] = explain(failure, "en")
        return render(request, "pay.html", context, status=400 if isinstance(failure, Refuse) else 503)
    except NoRecipient:
        return render(request, "xoxzo_2fa/no_number.html", status=403)
    return render(request, "pay.html", context)
