# SPDX-License-Identifier: MIT
include mini-os/core/build.mk
