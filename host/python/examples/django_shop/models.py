"""Users with a phone, and what they owe."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from xoxzo_2fa import Transaction


class User(AbstractUser):
    """A user. The number is in canonical E.164, and was verified when it was registered."""

    phone = models.CharField(max_length=16, blank=True)


class Invoice(models.Model):
    """An invoice."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    payee = models.CharField(max_length=40)
    paid = models.BooleanField(default=False)

    def transaction(self) -> Transaction:
        """Return the payment that a code confirms."""
        return Transaction(f"{self.amount:.2f}", "EUR", self.payee)
