"""A patient's account: who they are, sealed under a key of the account's own (MD-02)."""
