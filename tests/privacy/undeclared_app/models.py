"""A table somebody added a column to and forgot to declare it."""

from django.db import models


class Visitor(models.Model):
    """Declared but for one field."""

    nickname = models.CharField(max_length=40)
    shoe_size = models.IntegerField()

    def __str__(self) -> str:
        return str(self.pk)
