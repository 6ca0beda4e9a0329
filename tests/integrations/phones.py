"""Twilio and Plivo as their documentation describes them: recorded-contract fakes."""

from typing import Any

from tests.integrations.chats import Server

TWILIO = ("AC00000000000000000000000000000001", "twilio-auth-t0k3n")
PLIVO = ("MAXXXXXXXXXXXXXXXXXX", "plivo-auth-t0k3n")


class FakeTwilio(Server):
    """Messages.json and Calls.json of one account; a call rings until it is ended."""

    def __init__(self) -> None:
        self.ringing: set[str] = set()
        super().__init__()

    def handle(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        if not path.startswith(f"/2010-04-01/Accounts/{TWILIO[0]}/"):
            return 404, {}, {"code": 20404, "message": "not found", "status": 404}
        number = len(self.asked)
        if path.endswith("/Messages.json"):
            return 201, {}, {"sid": f"SM{number:032d}", "status": "queued", **body}
        if "/Calls/" in path and method == "POST":
            call = path.rpartition("/")[2].removesuffix(".json")
            if body != {"Status": "canceled"} or call not in self.ringing:
                said = "Call is not in-progress. Cannot redirect."
                return 400, {}, {"code": 21220, "message": said, "status": 400}
            self.ringing.discard(call)
            return 200, {}, {"sid": call, "status": "canceled"}
        if path.endswith("/Calls.json"):
            self.ringing.add(f"CA{number:032d}")
            return 201, {}, {"sid": f"CA{number:032d}", "status": "queued", **body}
        return 404, {}, {"code": 20404, "message": "not found", "status": 404}

    def sent(self) -> list[dict[str, Any]]:
        """The fields of every message and call."""
        return [body for _, _, body, _ in self.asked]


class FakePlivo(Server):
    """Message/, Call/ and Request/ of one account; a call rings until it is ended."""

    def __init__(self) -> None:
        self.ringing: set[str] = set()
        super().__init__()

    def handle(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        number = len(self.asked)
        if path == f"/v1/Account/{PLIVO[0]}/Message/":
            return 202, {}, {
                "message": "message(s) queued",
                "message_uuid": [f"pm{number}"],
                "api_id": "a",
            }  # fmt: skip
        if method == "DELETE" and "/Request/" in path:
            call = path.strip("/").rpartition("/")[2]
            if call not in self.ringing:
                return 404, {}, {"error": "call request not found"}
            self.ringing.discard(call)
            return 204, {}, None
        if path == f"/v1/Account/{PLIVO[0]}/Call/":
            self.ringing.add(f"pc{number}")
            return 201, {}, {
                "message": "call fired", "request_uuid": f"pc{number}", "api_id": "a",
            }  # fmt: skip
        return 404, {}, {"error": "not found"}

    def sent(self) -> list[dict[str, Any]]:
        """The fields of every message and call."""
        return [body for _, _, body, _ in self.asked]
