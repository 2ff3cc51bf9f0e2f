# SPDX-License-Identifier: MIT
# From `nm -n` of the image to its table of code symbols (hypervisor/boot/symbols.c):
# sorted addresses and name offsets relative to __text_start, then the names.
$2 ~ /^[tT]$/ && $3 !~ /^\.|^__(text|init)_|^\$/ {
    address[n] = "0x" $1; name[n] = $3; n++
}

END {
    print "        .section .symbols, \"a\", @progbits"
    print "        .globl symbol_count, symbol_table, symbol_names"
    print "        .balign 8"
    print "symbol_count: .quad " n + 0
    print "symbol_table:"
    for (i = 0; i < n; i++) {
        print "        .long " address[i] " - 0xffff818000000000, " at + 0
        at += length(name[i]) + 1
    }
    print "symbol_names:"
    for (i = 0; i < n; i++)
        print "        .asciz \"" name[i] "\""
    print "        .section .note.GNU-stack, \"\", @progbits"
}
