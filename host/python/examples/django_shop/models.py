"""Users with a phone."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A user. The number is in canonical E.164, and was verified when it was registered."""

    phone = models.CharField(max_length=16)
