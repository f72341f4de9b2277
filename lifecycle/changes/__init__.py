"""Changes of the policy: announced, told to everybody concerned, and where material put before them again (MD-13)."""
