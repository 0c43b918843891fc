"""A real SMTP server that keeps what it is sent, for tests of e-mail alerts.

    smtp_sink.py PORT FOLDER

FOLDER/mode says what to do with a message that was sent in full:
  accept    keep it and say so
  tempfail  451, the sender should try again later
  reject    550, never
  stall     never answer
FOLDER/attempts.ndjson gets one line for every attempt, with its mode; only those with mode
`accept` were delivered. The sink relays nothing and asks for no password.
"""

import asyncio
import email
import email.policy
import json
import pathlib
import sys

from aiosmtpd.smtp import SMTP

ANSWERS = {
    "accept": "250 2.0.0 kept",
    "tempfail": "451 4.3.0 try again later",
    "reject": "550 5.7.1 not wanted here",
}


class Sink:
    def __init__(self, folder):
        self.mode = folder / "mode"
        self.attempts = folder / "attempts.ndjson"

    async def handle_DATA(self, server, session, envelope):
        mode = self.mode.read_text().strip()
        line = json.dumps(describe(mode, envelope))
        with self.attempts.open("a", encoding="utf-8") as attempts:
            attempts.write(line + "\n")
        if mode == "stall":
            await asyncio.Event().wait()
        return ANSWERS[mode]


def describe(mode, envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    body = message.get_body(preferencelist=("plain", "html"))
    return {
        "mode": mode,
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "subject": str(message["Subject"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "body": body.get_content().replace("\r\n", "\n") if body else "",
    }


async def main():
    port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    loop = asyncio.get_running_loop()
    # With a name of its own, so that it asks no name server for one.
    sink = Sink(folder)
    server = await loop.create_server(lambda: SMTP(sink, hostname="localhost"), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main())
