"""The rights desk: requests from receipt to closure."""
