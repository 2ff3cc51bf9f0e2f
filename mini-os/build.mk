# SPDX-License-Identifier: MIT
include mini-os/core/build.mk
include mini-os/newlib/build.mk
include mini-os/kernel/build.mk
include mini-os/devices/build.mk
include mini-os/apps/build.mk
include mini-os/sdk/build.mk
