"""Settings of the whole suite: what every test module would otherwise repeat."""

from hypothesis import settings

# Two shared cores: how long an example takes says nothing of the code.
settings.register_profile("soxauto", deadline=None)
settings.load_profile("soxauto")
