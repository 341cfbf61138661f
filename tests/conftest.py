"""Settings shared by all tests."""

from hypothesis import HealthCheck, settings

# A busy machine must not fail a property: time is measured in benchmarks/, never in tests.
settings.register_profile("barograph", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("barograph")
