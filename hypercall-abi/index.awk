# SPDX-License-Identifier: MIT
# Adds a column to the index: who uses the row, as the file `users` has it.
BEGIN {
    FS = "\t"
    while ((getline line < users) > 0)
        if (line !~ /^#/ && split(line, part, "\t") == 2)
            who[part[1]] = part[2]
}
/^\| number \|/ { print $0 " used by |"; next }
/^\|---/ { print $0 "---|"; next }
/^\| / {
    name = match($0, /`[A-Za-z0-9_]+`/) ? substr($0, RSTART + 1, RLENGTH - 2) : ""
    print $0 " " (name in who ? who[name] : "") " |"
    next
}
{ print }
