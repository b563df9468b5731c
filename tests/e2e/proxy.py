# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a server that writes down the size of every body.

    proxy.py LISTEN-PORT SERVER-PORT LOG

One line of LOG per request: METHOD PATH REQUEST-BODY-BYTES ANSWER-BODY-BYTES STATUS
"""
import http.client
import http.server
import sys

listen, server, log = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def carry(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection("127.0.0.1", server, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept")}
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        data = answer.read()
        with open(log, "a", encoding="ascii") as file:
            print(self.command, self.path, len(body), len(data), answer.status, file=file)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "application/octet-stream"))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = carry


http.server.ThreadingHTTPServer(("127.0.0.1", listen), Handler).serve_forever()
