"""The conformance kit: what every component must do, as checks that its author runs.

In the tests of a plugin, one line makes each check a test of its own:

>>> from cltk.testing import conformance_tests
>>> test_conformance = conformance_tests(MyGenerator, config={"hidden": [16]})
A strategy is tried with plain stand-ins in its slots, or with what it needs:

>>> test_conformance = conformance_tests(ICaRL, parts={"classifier": NearestMean})
"""

from cltk.testing.conformance import check_component, checks_of, conformance_tests
from cltk.testing.defects import ConformanceError, NotRunError
from cltk.testing.subject import Check

__all__ = ["Check", "ConformanceError", "NotRunError", "check_component", "checks_of", "conformance_tests"]
