/* SPDX-License-Identifier: MIT */
/*
 * The guest's virtual address space; shared with assembly and the linker script.
 *
 *   0xffffffff80000000  linear map: frame n of the domain at LINEAR_START + n * 4 KiB,
 *                       up to LINEAR_END; grows as pages are allocated
 *   0xffffffffc0000000  windows (mm.h): frames mapped on request
 *   0xffffffffe0000000  other domains' frames (foreign.h), in the mini-os kernel
 *   everything below    free; user mode's address spaces are built there
 */
#ifndef MINI_OS_LAYOUT_H
#define MINI_OS_LAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096

#define LINEAR_START 0xffffffff80000000
#define LINEAR_END   0xffffffffc0000000
#define WINDOW_START 0xffffffffc0000000
#define WINDOW_END   0xffffffffe0000000

#define FOREIGN_START 0xffffffffe0000000
#define FOREIGN_END   0xfffffffff0000000

#define STACK_SIZE 16384

#endif
