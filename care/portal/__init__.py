"""The patient's portal as the tenant boundary sees it: invitations and links."""
