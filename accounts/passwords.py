"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id at OWASP's minimum: 19 MiB, two passes, one lane.

    Django's own settings take 100 MiB and eight lanes for each sign-in, which on a web server
    with eight threads is 0.8 GB, and are six times slower for a sheet of ten thousand people.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
