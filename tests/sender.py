"""The programme in whose name the tests write."""

from notifier.render import Sender

SENDER = Sender(
    from_address="pmp@example.org",
    from_name="Sample PMP",
    contact_name="Sample Program Office",
    contact_email="office@example.org",
    contact_phone="860-555-0100",
    programme_name="Sample Prescription Monitoring Program",
    programme_short="SPMP",
    portal_url="https://portal.example.org",
)
