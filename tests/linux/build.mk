# SPDX-License-Identifier: MIT
# `make test-linux`: Debian's kernels as domain 0 and as created domains, and its installer,
# fetched through apt (about 700 MB). It takes an hour.

.PHONY: test-linux
test-linux: install-deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(PYTEST) tests/linux
