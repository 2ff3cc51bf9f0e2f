/* SPDX-License-Identifier: MIT */
/* End of a .def table: no row macro outlives it. */
#undef HYPERCALL
#undef HYPERCALL_ABSENT
#undef OP
#undef OP_ABSENT
#undef VM_ASSIST
#undef PLATFORM
#undef PLATFORM_ABSENT
#undef DOMCTL
#undef DOMCTL_ABSENT
#undef SYSCTL
#undef SYSCTL_ABSENT
