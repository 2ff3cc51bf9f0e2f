/* SPDX-License-Identifier: MIT */
/*
 * ELF notes: what the domain's builder must know about this image.
 */
#include <abi/elfnote.h>
#include <mini-os/layout.h>

.macro note type, directive, value:vararg
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 2f - 1f, 4f - 3f, \type
1:  .asciz "Xen"
2:  .balign 4
3:  \directive \value
4:  .balign 4
    .popsection
.endm

    note XEN_ELFNOTE_GUEST_OS, .asciz, "mini-os"
    note XEN_ELFNOTE_GUEST_VERSION, .asciz, "1"
    note XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
    note XEN_ELFNOTE_LOADER, .asciz, "generic"
    note XEN_ELFNOTE_FEATURES, .asciz, "!writable_page_tables|pae_pgdir_above_4gb"
    note XEN_ELFNOTE_PAE_MODE, .asciz, "yes"
    note XEN_ELFNOTE_VIRT_BASE, .quad, LINEAR_START
    note XEN_ELFNOTE_PADDR_OFFSET, .quad, 0
    note XEN_ELFNOTE_ENTRY, .quad, start
    note XEN_ELFNOTE_HYPERCALL_PAGE, .quad, hypercall_page
    /* The bits of a level 1 entry that say "valid": mask, value. */
    note XEN_ELFNOTE_L1_MFN_VALID, .quad, 1, 1
