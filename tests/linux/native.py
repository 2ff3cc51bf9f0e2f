# SPDX-License-Identifier: MIT
"""Linux on the machine itself, without a hypervisor: what a program says there is what it
should say in a guest."""

from machine import Machine


class NativeMachine(Machine):
    """Parameters are Machine's, but for the kernel, a bzImage, in place of hypervisor and
    domain 0; the console is the first serial line."""

    # On a busy host Linux would take the timer for broken.
    arguments = "console=ttyS0 no_timer_check"

    def __init__(self, kernel, *, args, ramdisk, **parameters):
        super().__init__("pavise", kernel, args=args, ramdisk=ramdisk, **parameters)
        self._image, self._append, self._modules = kernel, args, str(ramdisk)
