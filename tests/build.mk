# SPDX-License-Identifier: MIT
# `make test`: everything, two cases at a time; the last line counts them.

PYTEST := $(PYTHON) -m pytest -q -p no:cacheprovider
TESTS  ?= tests
JOBS   ?= 2

.PHONY: test-build
test-build: all guest-tests

test: install-deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) test-build
	$(Q)$(PYTEST) -n $(JOBS) --dist load --ignore tests/linux $(TESTS)

.PHONY: coverage
coverage:
	$(Q)$(PYTHON) tests/coverage.py
