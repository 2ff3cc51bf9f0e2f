# SPDX-License-Identifier: MIT
# Turns the preprocessed index.md.in, read as one line, into Markdown.
s/" *"//g
s/ *@ */\n/g
s/"//g
s/ABI_POINTER(const_\([a-z0-9_]*\))/const \1 */g
s/ABI_POINTER(\([a-z0-9_]*\))/\1 */g
s/ \* \([a-z]\)/ *\1/g
s/`void`/-/g
s/`u\.pad`/-/g
