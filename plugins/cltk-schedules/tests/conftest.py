from hypothesis import settings

# A busy machine is no reason to fail.
settings.register_profile("cltk", deadline=None)
settings.load_profile("cltk")
