import http.server
import threading

from offerbook import Supplier, collect, savings


class South(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"cents": 25}')

    def log_message(self, *words):
        pass


south = http.server.HTTPServer(("127.0.0.1", 0), South)
threading.Thread(target=south.serve_forever, daemon=True).start()
suppliers = [Supplier("north", "http://127.0.0.1:1"), Supplier("south", f"http://127.0.0.1:{south.server_port}")]
print(savings(collect(suppliers, "bolt-8"), "north", 100))
