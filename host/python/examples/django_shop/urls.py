"""Pages of the shop, and those of the app."""

from django.urls import include, path

from django_shop.views import home, pay

urlpatterns = [
    path("", home, name="home"),
    path("invoices/<int:number>/", pay, name="pay"),
    path("account/", include("xoxzo_2fa.django.urls")),
]
