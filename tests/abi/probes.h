/* SPDX-License-Identifier: MIT */
/* Instances of what the headers only define as type-generating macros. */
DEFINE_RING_TYPES(abi_probe, uint64_t, uint32_t);
