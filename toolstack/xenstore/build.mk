# SPDX-License-Identifier: MIT
# The xenstore daemon as a library.
ts-src += $(addprefix xenstore/,account.c change.c check.c connection.c control.c local.c \
	memory.c message.c node.c path.c perms.c request.c request_domain.c \
	request_session.c request_tree.c server.c store.c transaction.c transaction_seen.c \
	turns.c view.c watch.c xs_buffer.c xs_ring.c)
