# SPDX-License-Identifier: Apache-2.0
"""A forwarder in front of several nodes: connects each new connection to the port that a file names then."""
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


while True:
    client, _ = listener.accept()
    with open(sys.argv[2]) as file:
        port = int(file.read())
    try:
        node = socket.create_connection(("127.0.0.1", port), 5)
    except OSError:
        client.close()
        continue
    for ends in ((client, node), (node, client)):
        threading.Thread(target=pump, args=ends, daemon=True).start()
