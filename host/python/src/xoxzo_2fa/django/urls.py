"""The pages: ``path("account/", include("xoxzo_2fa.django.urls"))``."""

from django.urls import path

from xoxzo_2fa.django.views import ConfirmCodeView, ConfirmView, LoginCodeView, TwoFactorLoginView

app_name = "xoxzo_2fa"

urlpatterns = [
    path("login/", TwoFactorLoginView.as_view(), name="login"),
    path("login/code/", LoginCodeView.as_view(), name="code"),
    path("confirm/", ConfirmView.as_view(), name="confirm"),
    path("confirm/code/", ConfirmCodeView.as_view(), name="confirm-code"),
]
