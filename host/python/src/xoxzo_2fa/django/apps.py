"""The app."""

from django.apps import AppConfig


class TwoFactorConfig(AppConfig):
    """Two-factor authentication. Its label, by which migrations and templates name it, is ``xoxzo_2fa``."""

    name = "xoxzo_2fa.django"
    label = "xoxzo_2fa"
    verbose_name = "Two-factor authentication"

    def ready(self) -> None:
        """Register the checks."""
        from xoxzo_2fa.django import checks  # noqa: F401, PLC0415
