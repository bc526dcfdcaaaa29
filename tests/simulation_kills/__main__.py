"""python -m tests.simulation_kills NAME …: a module of this package as a process of its own, with Django set up."""

import importlib
import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartpass.settings")
    django.setup()
    importlib.import_module(f"tests.simulation_kills.{sys.argv[1]}").main(sys.argv[2:])
