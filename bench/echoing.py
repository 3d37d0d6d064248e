"""A receiver that keeps nothing: it finds the end of each message and answers AA. So fast are the senders alone."""

import selectors
import socket

from bench.sending import END

ANSWER = b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5\rMSA|AA|1\r" + END


def main() -> None:
    """Say the address, then answer until killed."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
    with selectors.DefaultSelector() as ready:
        ready.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is listening:
                    line, _ = listening.accept()
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    ready.register(line, selectors.EVENT_READ)
                else:
                    _answer(key.fileobj, ready)


def _answer(line: socket.socket, ready: selectors.BaseSelector) -> None:
    data = line.recv(65536)
    if not data:
        ready.unregister(line)
        line.close()
    elif data.endswith(END):
        line.sendall(ANSWER)


if __name__ == "__main__":
    main()
