# SPDX-License-Identifier: MIT
"""A listener that passes connections on to a Unix socket, counts their bytes and can cut
them: a network between the tool and a machine."""

import socket
import threading


class Proxy:
    """    with Proxy(machine.socket) as proxy:
               subprocess.run([tool, "-H", proxy.endpoint, "list"])
    """

    def __init__(self, target):
        self.target = str(target)
        self.sent = 0  # bytes from clients to the machine
        self.is_down = False
        self.cut_after = None  # cut once when so many bytes have been sent
        self._pairs = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut()

    def cut(self):
        """Ends all connections; new ones are taken."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # has ended already

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            if self.is_down:
                client.close()
                continue
            machine = socket.socket(socket.AF_UNIX)
            machine.connect(self.target)
            self._pairs.append((client, machine))
            for ends in ((client, machine), (machine, client)):
                threading.Thread(target=self._pass, args=(*ends, client), daemon=True).start()

    def _pass(self, source, target, client):
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if source is client:
                    self._count(len(data))
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _count(self, n):
        self.sent += n
        if self.cut_after is not None and self.sent >= self.cut_after:
            self.cut_after = None
            self.cut()
