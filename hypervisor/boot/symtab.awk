# SPDX-License-Identifier: MIT
# From `nm -n` of the image to its table of code symbols (hypervisor/boot/symbols.c):
# addresses less HV_IMAGE_START and name offsets, in order of address; then the names.
BEGIN { n = at = 0 }

$1 ~ /^ffff8180/ && $2 ~ /^[tT]$/ && $3 !~ /^__(text|init)_/ {
    address[n] = "0x" substr($1, 9)
    name[n++] = $3
}

END {
    print "        .section .symbols, \"a\", @progbits"
    print "        .globl symbol_count, symbol_table, symbol_names"
    print "        .balign 8"
    print "symbol_count: .quad " n
    print "symbol_table:"
    for (i = 0; i < n; i++) {
        print "        .long " address[i] ", " at
        at += length(name[i]) + 1
    }
    print "symbol_names:"
    for (i = 0; i < n; i++)
        print "        .asciz \"" name[i] "\""
    print "        .section .note.GNU-stack, \"\", @progbits"
}
