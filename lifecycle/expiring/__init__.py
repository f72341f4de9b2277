"""Evidence and journals at the end of their terms: months, proofs of consents, facts of contracts, requests, versions."""
