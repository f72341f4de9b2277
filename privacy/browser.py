"""What a page lets the browser use. Every page forbids all of it; one that needs something says so itself (MD-02). Pure."""

from typing import Final

FEATURES: Final = (
    "accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb",
)  # fmt: skip


def permissions_policy(*allowed: str) -> str:
    """The header Permissions-Policy: everything forbidden but ``allowed``, which our own pages may ask for.

    Raises ValueError for a feature that isn't in the list.
    """
    if unknown := set(allowed) - set(FEATURES):
        raise ValueError(f"no such feature: {', '.join(sorted(unknown))}; there are {', '.join(FEATURES)}")
    return ", ".join(f"{feature}=({'self' if feature in allowed else ''})" for feature in FEATURES)
