"""The patient's portal: who is let in, what a practitioner shares, what a patient writes."""
