# SPDX-License-Identifier: MIT
# Whole-system tests by themselves.
#
#   make test-matrix   every combination of loader, processors, memory and CPU model, of
#                      which `make test` runs a covering set
#   make test-cycles   1,000 domains killed at random moments

.PHONY: test-matrix test-cycles
test-matrix: install-deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) test-build iso
	$(Q)$(PYTEST) -n $(JOBS) --dist load tests/system/full_matrix.py

test-cycles: install-deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) test-build
	$(Q)$(PYTEST) tests/system/test_many_cycles.py
