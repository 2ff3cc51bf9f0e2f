# SPDX-License-Identifier: MIT
include $(filter-out %/build.mk,$(wildcard hypervisor/x86/*.mk))
