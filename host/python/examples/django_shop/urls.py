"""Where the two views are."""

from django.urls import path

from django_shop.views import code, password

urlpatterns = [
    path("login/", password, name="password"),
    path("login/code/", code, name="code"),
]
